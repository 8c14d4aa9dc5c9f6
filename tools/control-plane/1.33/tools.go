//go:build tools

// Package controlplane pins the control plane of the oldest Kubernetes that
// Stow supports. etcd is that of the newest: an API server asks of it nothing
// that it does not have.
package controlplane

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
