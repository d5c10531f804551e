//go:build unix

// Command cmd is a security key in software for end-to-end tests: it appears
// under --link, and does what the lines on its input say (softkey.Key.Control).
package main

import (
	"flag"
	"fmt"
	"os"

	"gatehouse/internal/securitykey/softkey"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "softkey:", err)
		os.Exit(1)
	}
}

func run() error {
	var config softkey.Config
	link := flag.String("link", "", "where the key appears while it is plugged in")
	u2f := flag.String("u2f", "off", "what it has of U2F: off, too or only")
	attest := flag.String("attest", "self", "how it attests: self, certificate or none")
	flag.StringVar(&config.PIN, "pin", "", "its PIN; none if empty")
	flag.BoolVar(&config.CTAP20, "ctap20", false, "a key from before CTAP 2.1")
	flag.BoolVar(&config.Fingerprint, "fingerprint", false, "it reads fingers")
	flag.BoolVar(&config.AlwaysUV, "always-uv", false, "it does nothing without its PIN or finger")
	flag.BoolVar(&config.NoResident, "no-resident", false, "it keeps no discoverable credentials")
	flag.DurationVar(&config.TouchTimeout, "touch-timeout", 0, "how long it waits to be touched (30s)")
	flag.Parse()
	var ok [2]bool
	config.U2F, ok[0] = map[string]softkey.U2F{"off": softkey.U2FOff, "too": softkey.U2FToo, "only": softkey.U2FOnly}[*u2f]
	config.Attestation, ok[1] = map[string]softkey.Attestation{"self": softkey.AttestSelf, "certificate": softkey.AttestCertificate, "none": softkey.AttestNone}[*attest]
	if *link == "" || !ok[0] || !ok[1] || flag.NArg() > 0 {
		flag.Usage()
		return fmt.Errorf("--link must say where, and the others one of their values")
	}
	key, err := softkey.New(config)
	if err != nil {
		return err
	}
	return key.Control(*link, os.Stdin, os.Stdout)
}
