// A conversion webhook for PostgresDB as users of controller-runtime write one:
// typed structs, the new version as the hub, the old one as a spoke.
//
// It is here to be measured beside Stow's, by `make bench`. It follows the same
// rules for the fields that the load holds, and keeps annotations; it knows
// neither partial objects nor values of wrong types.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/conversion"

	"stow.myob.com/benches/controller-runtime/v1alpha1"
	"stow.myob.com/benches/controller-runtime/v1beta1"
)

func main() {
	port := flag.Int("port", 9443, "where to serve, on loopback")
	certificates := flag.String("certificates", "", "the folder of tls.crt and tls.key")
	flag.Parse()
	if err := serve(*port, *certificates); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(port int, certificates string) error {
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: certificates})
	server.Register("/convert", conversion.NewWebhookHandler(scheme, conversion.NewRegistry()))
	return server.Start(ctx)
}
