// Package permit names what the test helper may do and an app may not: being internal, it can be imported by the packages
// below captcha alone.
package permit

// Solve is asked for by what gives an answer away. Its field is there because struct{}{}, which anybody can write, would
// do for a type without one.
type Solve struct{ _ byte }
