package app

import "gatehouse/internal/ops"

// ServiceUsers binds the service users of the account.
type ServiceUsers struct{ h *holder }

// Add is serviceUsers.add.
func (s *ServiceUsers) Add(in ops.AddServiceUserInput) (ops.User, error) {
	return call(s.h, s.h.ops.ServiceUsers.Add, in)
}

// Update is serviceUsers.update.
func (s *ServiceUsers) Update(in ops.UpdateServiceUserInput) (ops.User, error) {
	return call(s.h, s.h.ops.ServiceUsers.Update, in)
}

// HandOver is serviceUsers.handOver.
func (s *ServiceUsers) HandOver(in ops.HandOverServiceUsersInput) (ops.HandedOver, error) {
	return call(s.h, s.h.ops.ServiceUsers.HandOver, in)
}
