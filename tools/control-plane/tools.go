//go:build tools

// Package controlplane pins the programs of the control plane that Stow's tests
// and demo boot: go.mod holds their versions, go.sum the hashes of all of their
// source, and `build` compiles them. Nothing here is part of the operator.
package controlplane

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
