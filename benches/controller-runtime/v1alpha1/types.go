// Package v1alpha1 is a spoke.
package v1alpha1

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"stow.myob.com/benches/controller-runtime/v1beta1"
)

var version = schema.GroupVersion{Group: "myob.com", Version: "v1alpha1"}

// AddToScheme registers the kind.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(version, &PostgresDB{})
	return nil
}

// PostgresDB is a PostgreSQL database on Amazon RDS, in the API of 2017.
type PostgresDB struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   PostgresDBSpec           `json:"spec,omitempty"`
	Status v1beta1.PostgresDBStatus `json:"status,omitempty"`
}

// PostgresDBSpec is what the database should be.
type PostgresDBSpec struct {
	Size    string              `json:"size,omitempty"`
	Storage *intstr.IntOrString `json:"storage,omitempty"`
	IOPS    *intstr.IntOrString `json:"iops,omitempty"`
	HA      *bool               `json:"ha,omitempty"`
	Tags    map[string]string   `json:"tags,omitempty"`
}

// DeepCopyObject makes it an object of apimachinery.
func (in *PostgresDB) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Tags = maps.Clone(in.Spec.Tags)
	if in.Spec.Storage != nil {
		storage := *in.Spec.Storage
		out.Spec.Storage = &storage
	}
	if in.Spec.IOPS != nil {
		iops := *in.Spec.IOPS
		out.Spec.IOPS = &iops
	}
	if in.Spec.HA != nil {
		ha := *in.Spec.HA
		out.Spec.HA = &ha
	}
	in.Status.DeepCopyInto(&out.Status)
	return &out
}
