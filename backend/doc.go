// Package backend holds Leadline's server side; docs/ describes it, arch_test.go
// holds its parts apart.
package backend
