package server

import "example.com/hookproof/store"

// maxUnpaid is how many unpaid bookings the caller may have at the same time; 0 is no limit. Staff book for
// customers at the desk, so only customers are bound.
func (s *Server) maxUnpaid(who identity) int {
	if who.Role != store.Customer {
		return 0
	}
	return s.config.MaxUnpaid
}
