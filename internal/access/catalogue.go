package access

// Permission is a named right, VERB_OBJECT. The catalogue below is the whole
// list; a Permission that is not in it is held by nobody.
type Permission string

// Gatehouse's own rights, which operations ask for.
const (
	ViewUser         Permission = "VIEW_USER"
	ManageUser       Permission = "MANAGE_USER"
	ManageRole       Permission = "MANAGE_ROLE"
	ManageAPIKey     Permission = "MANAGE_API_KEY"
	ManageUserAPIKey Permission = "MANAGE_USER_API_KEY"
	ViewActivity     Permission = "VIEW_ACTIVITY"
	ExportActivity   Permission = "EXPORT_ACTIVITY"
	ManageAccount    Permission = "MANAGE_ACCOUNT"
	ManageSettings   Permission = "MANAGE_SETTINGS"

	// CheckDomain is what the ISProxy door asks for.
	CheckDomain Permission = "CHECK_DOMAIN"

	// Rights over the installation exist only in the operator account.
	OpenAccount        Permission = "OPEN_ACCOUNT"
	ResetAdminMFA      Permission = "RESET_ADMIN_MFA"
	ManageGate         Permission = "MANAGE_GATE"
	ManageInstallation Permission = "MANAGE_INSTALLATION"
)

// Definition describes one permission for the people who grant it.
type Definition struct {
	Permission   Permission
	Group        string
	Description  string
	Costs        bool // using it spends the account's money
	Installation bool // exists only in the operator account
	Special      bool // left out of the built-in role "all"

	// Needs are the permissions without which this one is of little use: a hint
	// to whoever makes a role, and no rule.
	Needs []Permission
}

// Catalogue returns every permission there is, in the order people see them.
// The groups and most names are those that registrars know from their
// upstream's portal.
func Catalogue() []Definition { return catalogue[:] }

// The order is for reading; bits of Rights are positions in it and never leave
// the process, so entries may be moved.
var catalogue = [...]Definition{
	{Permission: "VIEW_PROCESS", Group: "General", Description: "See the progress of requests. Nearly every screen of the upstream needs it."},
	{Permission: "VIEW_PROVIDER", Group: "General", Description: "See the registries and other providers behind the products.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "VIEW_TLD", Group: "General", Description: "See the rules of each top-level domain.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "ADAC_ACCES", Group: "General", Description: "Use the domain search tool ADAC.", Special: true, Needs: []Permission{"CHECK_DOMAIN"}},

	{Permission: "CHECK_DOMAIN", Group: "Domains", Description: "Check whether a domain is available."},
	{Permission: "PREMIUM_DOMAIN", Group: "Domains", Description: "Register, renew and transfer premium domains at their own prices.", Costs: true, Special: true, Needs: []Permission{"CHECK_DOMAIN"}},
	{Permission: "VIEW_DOMAIN", Group: "Domains", Description: "See domains and their details.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_DOMAIN", Group: "Domains", Description: "Register domains.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "CHECK_DOMAIN", "VIEW_DOMAIN", "VIEW_CONTACT"}},
	{Permission: "UPDATE_DOMAIN", Group: "Domains", Description: "Change contacts, name servers and settings of domains.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "DELETE_DOMAIN", Group: "Domains", Description: "Delete domains.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "RENEW_DOMAIN", Group: "Domains", Description: "Renew domains.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "TRANSFER_DOMAIN", Group: "Domains", Description: "Transfer domains in.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "TRANSFER_OUT_DOMAIN", Group: "Domains", Description: "Answer requests to transfer domains away.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "PUSH_TRANSFER_DOMAIN", Group: "Domains", Description: "Push domains to another customer.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "RESTORE_DOMAIN", Group: "Domains", Description: "Restore deleted domains.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "UPDATE_DOMAIN_BILLABLE", Group: "Domains", Description: "Make changes to domains that cost money, such as a trade.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN", "UPDATE_DOMAIN"}},
	{Permission: "VIEW_AUTHCODE", Group: "Domains", Description: "See transfer codes of domains.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "DESIGNATED_AGENT", Group: "Domains", Description: "Approve changes of owner as designated agent.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}},
	{Permission: "VIEW_REGISTRY_ACCOUNT", Group: "Domains", Description: "See accounts held at registries.", Needs: []Permission{"VIEW_PROCESS"}},

	{Permission: "VIEW_CERTIFICATE", Group: "SSL certificates", Description: "See certificates and their requests.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_CERTIFICATE", Group: "SSL certificates", Description: "Order certificates.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_CERTIFICATE"}},
	{Permission: "UPDATE_CERTIFICATE", Group: "SSL certificates", Description: "Reissue certificates and change their validation.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CERTIFICATE"}},
	{Permission: "RENEW_CERTIFICATE", Group: "SSL certificates", Description: "Renew certificates.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_CERTIFICATE"}},
	{Permission: "DELETE_CERTIFICATE", Group: "SSL certificates", Description: "Revoke and cancel certificates.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CERTIFICATE"}},

	{Permission: ViewUser, Group: "Users", Description: "See the users of the account, their roles and their state."},
	{Permission: ManageUser, Group: "Users", Description: "Add, change, deactivate and delete users.", Needs: []Permission{ViewUser}},
	{Permission: ManageRole, Group: "Users", Description: "Create and change roles.", Needs: []Permission{ViewUser}},
	{Permission: ManageAPIKey, Group: "Users", Description: "Make and revoke one's own API keys."},
	{Permission: ManageUserAPIKey, Group: "Users", Description: "Make and revoke API keys of other users.", Needs: []Permission{ViewUser, ManageAPIKey}},
	{Permission: ViewActivity, Group: "Users", Description: "See what everybody in the account did."},
	{Permission: ExportActivity, Group: "Users", Description: "Save the activity log to a file.", Needs: []Permission{ViewActivity}},
	{Permission: ManageAccount, Group: "Users", Description: "Change the account's details and its sign-in policy."},
	{Permission: ManageSettings, Group: "Users", Description: "Change the account's settings."},

	{Permission: "VIEW_CREDIT", Group: "Financial", Description: "See the credit of the account.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "VIEW_PRICELIST", Group: "Financial", Description: "See prices.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "VIEW_TRANSACTION", Group: "Financial", Description: "See and export billing lines.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "VIEW_INVOICE", Group: "Financial", Description: "See and save invoices.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_PAYMENT", Group: "Financial", Description: "Top up the credit.", Costs: true, Needs: []Permission{"VIEW_PROCESS", "VIEW_CREDIT"}},

	{Permission: "VIEW_NOTIFICATION", Group: "Notifications", Description: "See notifications.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "UPDATE_NOTIFICATION", Group: "Notifications", Description: "Mark notifications as read.", Needs: []Permission{"VIEW_PROCESS", "VIEW_NOTIFICATION"}},

	{Permission: "VIEW_CONTACT", Group: "Contacts", Description: "See contacts.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_CONTACT", Group: "Contacts", Description: "Add contacts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CONTACT"}},
	{Permission: "UPDATE_CONTACT", Group: "Contacts", Description: "Change contacts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CONTACT"}},
	{Permission: "DELETE_CONTACT", Group: "Contacts", Description: "Delete contacts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CONTACT"}},
	{Permission: "CONTACT_VALIDATION", Group: "Contacts", Description: "Validate contacts for registries that ask for it.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CONTACT"}},
	{Permission: "CONTACT_VERIFICATION", Group: "Contacts", Description: "Have the e-mail addresses of contacts verified.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CONTACT"}},
	{Permission: "BRAND_PRIVACY", Group: "Contacts", Description: "See and change privacy details of brands.", Needs: []Permission{"VIEW_PROCESS", "VIEW_BRAND"}},
	{Permission: "VIEW_BRAND", Group: "Contacts", Description: "See brands.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "MANAGE_BRAND", Group: "Contacts", Description: "Add, change and delete brands.", Needs: []Permission{"VIEW_PROCESS", "VIEW_BRAND"}},

	{Permission: "VIEW_DNS_TEMPLATE", Group: "DNS templates", Description: "See DNS templates.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_DNS_TEMPLATE", Group: "DNS templates", Description: "Add DNS templates.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_TEMPLATE"}},
	{Permission: "UPDATE_DNS_TEMPLATE", Group: "DNS templates", Description: "Change DNS templates.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_TEMPLATE"}},
	{Permission: "DELETE_DNS_TEMPLATE", Group: "DNS templates", Description: "Delete DNS templates.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_TEMPLATE"}},

	{Permission: "VIEW_DNS_ZONE", Group: "DNS zones", Description: "See DNS zones.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_DNS_ZONE", Group: "DNS zones", Description: "Add DNS zones.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_ZONE"}},
	{Permission: "UPDATE_DNS_ZONE", Group: "DNS zones", Description: "Change DNS zones.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_ZONE"}},
	{Permission: "DELETE_DNS_ZONE", Group: "DNS zones", Description: "Delete DNS zones.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_ZONE"}},
	{Permission: "VIEW_DNS_ZONE_STATS", Group: "DNS zones", Description: "See statistics of DNS zones.", Needs: []Permission{"VIEW_PROCESS", "VIEW_DNS_ZONE"}},

	{Permission: "VIEW_HOST", Group: "Hosts", Description: "See hosts (glue records).", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "CREATE_HOST", Group: "Hosts", Description: "Add hosts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_HOST"}},
	{Permission: "UPDATE_HOST", Group: "Hosts", Description: "Change hosts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_HOST"}},
	{Permission: "DELETE_HOST", Group: "Hosts", Description: "Delete hosts.", Needs: []Permission{"VIEW_PROCESS", "VIEW_HOST"}},

	{Permission: "VIEW_CUSTOMER", Group: "Customers", Description: "See the customer record.", Needs: []Permission{"VIEW_PROCESS"}},
	{Permission: "UPDATE_CUSTOMER", Group: "Customers", Description: "Change the customer record.", Needs: []Permission{"VIEW_PROCESS", "VIEW_CUSTOMER"}},

	{Permission: OpenAccount, Group: "Installation", Description: "Open, suspend, reopen and close accounts of customers.", Installation: true},
	{Permission: ResetAdminMFA, Group: "Installation", Description: "Reset the second factors of customers' admin users.", Installation: true},
	{Permission: ManageGate, Group: "Installation", Description: "Open and close the Gate's doors and set their upstreams.", Installation: true},
	{Permission: ManageInstallation, Group: "Installation", Description: "Change what holds for every account: mail, SMS, keys at rest, backups.", Installation: true},
}

// Parse finds a permission in the catalogue.
func Parse(name string) (Permission, bool) {
	p := Permission(name)
	_, ok := p.bit()
	return p, ok
}

func (p Permission) bit() (uint, bool) {
	n, ok := bits[p]
	return n, ok
}

var bits = func() map[Permission]uint {
	m := make(map[Permission]uint, len(catalogue))
	for i, d := range catalogue {
		m[d.Permission] = uint(i)
	}
	return m
}()
