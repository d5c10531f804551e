package access

import "gatehouse/internal/id"

// Role is a named set of permissions in one account.
type Role struct {
	ID          id.Role
	Account     id.Account
	Name        string
	Description string
	BuiltIn     BuiltIn
	Permissions []Permission // of a built-in role: empty, its rights follow the catalogue
}

// Rights of the role in an account that is the operator's or not.
func (r Role) Rights(operator bool) Rights {
	if r.BuiltIn != NotBuiltIn {
		return r.BuiltIn.Rights(operator)
	}
	return RightsOf(r.Permissions...)
}

// Templates are the roles every account begins with: the two built-in ones,
// and three that are copied and may be changed.
func Templates() []Role {
	return []Role{
		{Name: "Admin", BuiltIn: AdminRole, Description: "Every right of the account. Cannot be changed."},
		{Name: "All", BuiltIn: AllRole, Description: "Every right but managing users and roles, premium domains and ADAC. Cannot be changed."},
		{Name: "Support", Description: "Looks things up and answers customers.", Permissions: []Permission{
			"VIEW_PROCESS", "VIEW_PROVIDER", "VIEW_TLD", "CHECK_DOMAIN", "VIEW_DOMAIN", "VIEW_CONTACT", "UPDATE_CONTACT", "CONTACT_VERIFICATION",
			"VIEW_BRAND", "VIEW_CERTIFICATE", "VIEW_NOTIFICATION", "UPDATE_NOTIFICATION", "VIEW_DNS_ZONE", "VIEW_HOST", "VIEW_CUSTOMER", ViewUser,
		}},
		{Name: "Tech", Description: "Runs domains, name servers and certificates, and the programs that do.", Permissions: []Permission{
			"VIEW_PROCESS", "VIEW_PROVIDER", "VIEW_TLD", "CHECK_DOMAIN", "VIEW_DOMAIN", "UPDATE_DOMAIN", "VIEW_AUTHCODE", "VIEW_REGISTRY_ACCOUNT",
			"VIEW_CONTACT", "CREATE_CONTACT", "UPDATE_CONTACT", "VIEW_CERTIFICATE", "UPDATE_CERTIFICATE", "VIEW_NOTIFICATION", "UPDATE_NOTIFICATION",
			"VIEW_DNS_TEMPLATE", "CREATE_DNS_TEMPLATE", "UPDATE_DNS_TEMPLATE", "DELETE_DNS_TEMPLATE",
			"VIEW_DNS_ZONE", "CREATE_DNS_ZONE", "UPDATE_DNS_ZONE", "DELETE_DNS_ZONE", "VIEW_DNS_ZONE_STATS",
			"VIEW_HOST", "CREATE_HOST", "UPDATE_HOST", "DELETE_HOST", ManageAPIKey,
		}},
		{Name: "Finance", Description: "Sees prices, credit, transactions and invoices, and pays.", Permissions: []Permission{
			"VIEW_PROCESS", "VIEW_CUSTOMER", "VIEW_CREDIT", "VIEW_PRICELIST", "VIEW_TRANSACTION", "VIEW_INVOICE", "CREATE_PAYMENT", "VIEW_NOTIFICATION",
		}},
	}
}
