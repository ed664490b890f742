package site

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"time"

	"example.com/cookiesession"
)

// A Device binds sessions to the visitor's device. It is an interface because
// contrib/dbsc, which has one, is a module of its own.
type Device interface {
	Manager() *cookiesession.Manager[Visit]
	Handler(http.Handler) http.Handler
	Bind(http.ResponseWriter, *cookiesession.Session[Visit]) error
	Logout(http.ResponseWriter, *cookiesession.Session[Visit])
}

// NewDevice makes a Device whose sessions are sealed under keys.
type NewDevice func(keys *cookiesession.Keyring, opts *cookiesession.Options[Visit]) (Device, error)

// noDevice binds nothing.
type noDevice struct{ sessions *cookiesession.Manager[Visit] }

func newNoDevice(keys *cookiesession.Keyring, opts *cookiesession.Options[Visit]) (Device, error) {
	sessions, err := cookiesession.New(keys, opts)
	return noDevice{sessions}, err
}

func (d noDevice) Manager() *cookiesession.Manager[Visit]      { return d.sessions }
func (d noDevice) Handler(next http.Handler) http.Handler      { return d.sessions.Handler(next) }
func (noDevice) Bind(http.ResponseWriter, *visitSession) error { return nil }
func (noDevice) Logout(_ http.ResponseWriter, s *visitSession) { s.Destroy() }

type visitSession = cookiesession.Session[Visit]

// deviceText says whether a session is bound, if the site binds sessions and
// somebody is logged in.
func (s *site) deviceText(session *visitSession, t *texts) string {
	if _, off := s.device.(noDevice); off || session.Data.User == "" {
		return ""
	}
	if id, pending := session.Binding(); id == [16]byte{} || pending {
		return t.NotBound
	}
	return t.Bound
}

// newCertificate returns a certificate that is good for a day and for this
// host, and the hash of its key, by which Chromium can be told to trust it. A
// browser that is told to ignore errors of certificates binds nothing.
func newCertificate(host string) (certificate tls.Certificate, keyHash string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	sum := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:]), nil
}
