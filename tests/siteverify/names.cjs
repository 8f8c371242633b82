// Loaded before a library whose server's name is fixed, in place of a line in /etc/hosts: connections to that name go to
// STAND_IN, a port of this machine. The certificate that is asked for stays the name's.
const net = require("node:net");

const names = ["hcaptcha.com", "www.google.com", "challenges.cloudflare.com"];
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...args) {
  const list = Array.isArray(args[0]) ? args[0] : args; // as node's own modules call it
  if (names.includes(list[0].host)) list[0] = { ...list[0], host: "127.0.0.1", port: process.env.STAND_IN };
  return connect.apply(this, args);
};
