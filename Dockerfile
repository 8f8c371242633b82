FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Without cgo the binary needs no C library, so that nothing else has to be in the image.
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /fibercaptcha .

FROM scratch
# For rediss://, whose certificate is checked against the public authorities.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /fibercaptcha /fibercaptcha
# Any user without an account does: the program reads and writes no files.
USER 65532:65532
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 CMD ["/fibercaptcha", "healthcheck"]
ENTRYPOINT ["/fibercaptcha"]
