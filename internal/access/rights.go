package access

// Rights is an immutable set of permissions. The zero Rights is empty.
type Rights struct{ words [2]uint64 }

// The catalogue must fit; this fails to compile when it outgrows the words.
var _ [128 - len(catalogue)]struct{}

// RightsOf makes the set of these permissions; unknown names are left out.
func RightsOf(ps ...Permission) Rights {
	var r Rights
	for _, p := range ps {
		if n, ok := p.bit(); ok {
			r.words[n/64] |= 1 << (n % 64)
		}
	}
	return r
}

// BuiltIn names a role whose rights follow the catalogue instead of a list.
type BuiltIn string

// The built-in roles.
const (
	NotBuiltIn BuiltIn = ""
	AdminRole  BuiltIn = "admin" // every right of an account; fixed
	AllRole    BuiltIn = "all"   // all but the special ones and the managing of users and roles
)

// Rights of the built-in role, in the operator's account or in another.
func (b BuiltIn) Rights(operator bool) Rights {
	var r Rights
	for i, d := range catalogue {
		if d.Installation && !operator {
			continue
		}
		if b == AllRole && (d.Special || d.Installation || managesPeople(d.Permission)) || b == NotBuiltIn {
			continue
		}
		r.words[i/64] |= 1 << (i % 64)
	}
	return r
}

// installation are the rights over the installation, which count in the
// operator's account alone: a role of another that names one gives nothing.
var installation = func() (r Rights) {
	for i, d := range catalogue {
		if d.Installation {
			r.words[i/64] |= 1 << (i % 64)
		}
	}
	return r
}()

func managesPeople(p Permission) bool {
	return p == ManageUser || p == ManageRole
}

// Has reports whether p is in the set.
func (r Rights) Has(p Permission) bool {
	n, ok := p.bit()
	return ok && r.words[n/64]&(1<<(n%64)) != 0
}

// Covers reports whether everything in s is in r too.
func (r Rights) Covers(s Rights) bool {
	return s.words[0]&^r.words[0] == 0 && s.words[1]&^r.words[1] == 0
}

// Or is the union.
func (r Rights) Or(s Rights) Rights {
	return Rights{[2]uint64{r.words[0] | s.words[0], r.words[1] | s.words[1]}}
}

// And is the intersection.
func (r Rights) And(s Rights) Rights {
	return Rights{[2]uint64{r.words[0] & s.words[0], r.words[1] & s.words[1]}}
}

// Without is what is in r and not in s.
func (r Rights) Without(s Rights) Rights {
	return Rights{[2]uint64{r.words[0] &^ s.words[0], r.words[1] &^ s.words[1]}}
}

// Empty reports whether nothing is in the set.
func (r Rights) Empty() bool { return r == Rights{} }

// Permissions lists the set in the order of the catalogue; never nil.
func (r Rights) Permissions() []Permission {
	ps := []Permission{}
	for i, d := range catalogue {
		if r.words[i/64]&(1<<(i%64)) != 0 {
			ps = append(ps, d.Permission)
		}
	}
	return ps
}
