package native

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// COSE algorithms (RFC 9053, RFC 8812) that libfido2 can make credentials of.
const (
	algES256 = -7
	algEdDSA = -8
	algRS256 = -257
)

const publicKeyType = "public-key"

// base64url is binary data in the JSON forms of WebAuthn: base64url without
// padding (Level 3, section 3).
type base64url []byte

// UnmarshalJSON refuses everything but a string in that form.
func (b *base64url) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	*b = raw
	return err
}

// MarshalJSON writes that form.
func (b base64url) MarshalJSON() ([]byte, error) {
	return json.Marshal(base64.RawURLEncoding.EncodeToString(b))
}

type rpEntity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userEntity struct {
	ID          base64url `json:"id"`
	Name        string    `json:"name"`
	DisplayName string    `json:"displayName"`
}

type descriptor struct {
	Type string    `json:"type"`
	ID   base64url `json:"id"`
}

// requirement is one of "required", "preferred" and "discouraged"; a word that
// a client does not know counts as absent (Level 3, section 2.1.1).
type requirement string

func (r requirement) known(otherwise requirement) requirement {
	if r == required || r == preferred || r == discouraged {
		return r
	}
	return otherwise
}

const (
	required    requirement = "required"
	preferred   requirement = "preferred"
	discouraged requirement = "discouraged"
)

// common is what both kinds of options have.
type common struct {
	Challenge  base64url `json:"challenge"`
	Timeout    int       `json:"timeout"` // milliseconds
	Extensions struct {
		CredProps bool `json:"credProps"`
	} `json:"extensions"`
}

func (c common) patience() time.Duration {
	if c.Timeout <= 0 {
		return patience
	}
	// What is longer than an hour was meant as "for ever".
	return time.Duration(min(c.Timeout, int(time.Hour/time.Millisecond))) * time.Millisecond
}

type creationOptions struct {
	common
	RP         rpEntity   `json:"rp"`
	User       userEntity `json:"user"`
	Parameters []struct {
		Type string `json:"type"`
		Alg  int    `json:"alg"`
	} `json:"pubKeyCredParams"`
	Exclude   []descriptor `json:"excludeCredentials"`
	Selection struct {
		RequireResidentKey bool        `json:"requireResidentKey"`
		ResidentKey        requirement `json:"residentKey"`
		UserVerification   requirement `json:"userVerification"`
	} `json:"authenticatorSelection"`
	Attestation string `json:"attestation"`
}

type requestOptions struct {
	common
	RPID             string       `json:"rpId"`
	Allow            []descriptor `json:"allowCredentials"`
	UserVerification requirement  `json:"userVerification"`
}

func bad(err error) error { return &Error{Code: BadOptions, cause: err} }

func parseCreation(data []byte, origin string) (creationOptions, error) {
	var o creationOptions
	if err := json.Unmarshal(data, &o); err != nil {
		return o, bad(fmt.Errorf("read the options of a registration: %w", err))
	}
	var err error
	if o.RP.ID, err = site(o.RP.ID, origin); err != nil {
		return o, bad(err)
	}
	o.Selection.UserVerification = o.Selection.UserVerification.known(preferred)
	otherwise := discouraged
	if o.Selection.RequireResidentKey {
		otherwise = required
	}
	o.Selection.ResidentKey = o.Selection.ResidentKey.known(otherwise)
	switch {
	case len(o.Challenge) == 0:
		return o, bad(errors.New("there is no challenge"))
	case len(o.User.ID) == 0 || len(o.User.ID) > 64:
		return o, bad(errors.New("the user handle has 1 to 64 bytes"))
	case hasNUL(o.RP.Name, o.User.Name, o.User.DisplayName):
		return o, bad(errors.New("a name contains NUL"))
	}
	return o, nil
}

func parseRequest(data []byte, origin string) (requestOptions, error) {
	var o requestOptions
	if err := json.Unmarshal(data, &o); err != nil {
		return o, bad(fmt.Errorf("read the options of a sign-in: %w", err))
	}
	var err error
	if o.RPID, err = site(o.RPID, origin); err != nil {
		return o, bad(err)
	}
	o.UserVerification = o.UserVerification.known(preferred)
	if len(o.Challenge) == 0 {
		return o, bad(errors.New("there is no challenge"))
	}
	return o, nil
}

// site is the RP ID, which is the origin's host unless the options say: a
// client lets nobody sign for another site. (Browsers also let it be a parent
// domain, which wails.localhost has none of.)
func site(rpID, origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("%q is no origin", origin)
	}
	if rpID != "" && rpID != u.Hostname() {
		return "", fmt.Errorf("the options are for %q, and this is %s", rpID, origin)
	}
	return u.Hostname(), nil
}

// hasNUL reports what C would cut short.
func hasNUL(texts ...string) bool {
	for _, t := range texts {
		if strings.ContainsRune(t, 0) {
			return true
		}
	}
	return false
}

// algorithms are those that the relying party takes and libfido2 knows, in the
// order of the options, which without any mean ES256 and RS256.
func (o creationOptions) algorithms() []int {
	all := []int{}
	for _, p := range o.Parameters {
		if p.Type == publicKeyType && (p.Alg == algES256 || p.Alg == algEdDSA || p.Alg == algRS256) {
			all = append(all, p.Alg)
		}
	}
	if len(o.Parameters) == 0 {
		return []int{algES256, algRS256}
	}
	return all
}

// ids of a list; types that are not known are passed over.
func ids(list []descriptor) [][]byte {
	all := [][]byte{}
	for _, d := range list {
		if d.Type == publicKeyType {
			all = append(all, d.ID)
		}
	}
	return all
}
