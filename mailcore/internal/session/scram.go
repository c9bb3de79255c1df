package session

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/smtp"
	"strconv"
	"strings"
)

// The limits for the server's iterations: fewer make the password easy to guess (RFC 7677 section 4), more would stall the client.
const (
	minIterations = 4096
	maxIterations = 1_000_000
)

// scram is SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. Neither side reveals the password, and the server proves that
// it knows it too:
//
//	client  n,,n=user,r=NONCE
//	server  r=NONCE+MORE,s=SALT,i=4096
//	client  c=biws,r=NONCE+MORE,p=PROOF
//	server  v=SIGNATURE
//
// Names and passwords beyond ASCII are sent unchanged, without SASLprep.
type scram struct {
	username, password string
	nonce              string

	step      int
	signature []byte // expected from the server; nil before the second step
	verified  bool
}

func newSCRAM(username, password string) *scram {
	return &scram{username: username, password: password, nonce: rand.Text()}
}

const scramHeader = "n,," // no channel binding, no other identity

func (a *scram) clientFirst() string {
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.username)
	return "n=" + name + ",r=" + a.nonce
}

func (a *scram) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "SCRAM-SHA-256", []byte(scramHeader + a.clientFirst()), nil
}

func (a *scram) Next(challenge []byte, more bool) ([]byte, error) {
	if !more {
		if !a.verified {
			return nil, errors.New("the server did not prove that it knows the password")
		}
		return nil, nil
	}
	a.step++
	switch a.step {
	case 1:
		return a.prove(string(challenge))
	case 2:
		return []byte{}, a.verify(challenge)
	}
	return nil, errors.New("the server asks a third time")
}

// prove answers the server's first message, and computes the signature that its second one must contain.
func (a *scram) prove(serverFirst string) ([]byte, error) {
	nonce, salt, iterations, err := parseServerFirst(serverFirst)
	switch {
	case err != nil:
		return nil, err
	case len(nonce) <= len(a.nonce) || !strings.HasPrefix(nonce, a.nonce):
		return nil, errors.New("the server's nonce does not begin with ours")
	}
	salted, err := pbkdf2.Key(sha256.New, a.password, salt, iterations, sha256.Size)
	if err != nil {
		return nil, err
	}
	clientFinal := "c=" + base64.StdEncoding.EncodeToString([]byte(scramHeader)) + ",r=" + nonce
	transcript := a.clientFirst() + "," + serverFirst + "," + clientFinal
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	proof := make([]byte, sha256.Size)
	subtle.XORBytes(proof, clientKey, mac(stored[:], transcript))
	a.signature = mac(mac(salted, "Server Key"), transcript)
	return []byte(clientFinal + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// verify checks the server's signature.
func (a *scram) verify(serverFinal []byte) error {
	encoded, ok := bytes.CutPrefix(serverFinal, []byte("v="))
	if !ok {
		return fmt.Errorf("the server says %q", serverFinal)
	}
	encoded, _, _ = bytes.Cut(encoded, []byte(","))
	signature, err := base64.StdEncoding.DecodeString(string(encoded))
	if err != nil || !hmac.Equal(signature, a.signature) {
		return errors.New("the server does not know the password")
	}
	a.verified = true
	return nil
}

// parseServerFirst reads r=, s= and i=, which come in this order.
func parseServerFirst(message string) (nonce string, salt []byte, iterations int, err error) {
	parts := strings.Split(message, ",")
	if len(parts) < 3 || !strings.HasPrefix(parts[0], "r=") || !strings.HasPrefix(parts[1], "s=") || !strings.HasPrefix(parts[2], "i=") {
		return "", nil, 0, fmt.Errorf("the server's first message is %q", message)
	}
	salt, err = base64.StdEncoding.DecodeString(parts[1][2:])
	if err != nil || len(salt) == 0 {
		return "", nil, 0, fmt.Errorf("the server's salt is %q", parts[1])
	}
	iterations, err = strconv.Atoi(parts[2][2:])
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return "", nil, 0, fmt.Errorf("the server wants %q iterations, of %d to %d", parts[2][2:], minIterations, maxIterations)
	}
	return parts[0][2:], salt, iterations, nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
