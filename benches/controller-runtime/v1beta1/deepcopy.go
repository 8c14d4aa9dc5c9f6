package v1beta1

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
)

// DeepCopyObject makes it an object of apimachinery.
func (in *PostgresDB) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.IOPS = copied(in.Spec.IOPS)
	out.Spec.MultiAZ = copied(in.Spec.MultiAZ)
	out.Spec.Tags = maps.Clone(in.Spec.Tags)
	out.Spec.Backup = copied(in.Spec.Backup)
	if backup := out.Spec.Backup; backup != nil {
		backup.RetentionDays = copied(backup.RetentionDays)
	}
	out.Spec.Network = copied(in.Spec.Network)
	if network := out.Spec.Network; network != nil {
		network.SecurityGroups = slices.Clone(network.SecurityGroups)
		network.PubliclyAccessible = copied(network.PubliclyAccessible)
	}
	in.Status.DeepCopyInto(&out.Status)
	return &out
}

// DeepCopyInto copies the status, which both versions have.
func (in *PostgresDBStatus) DeepCopyInto(out *PostgresDBStatus) {
	*out = *in
	out.Endpoint = copied(in.Endpoint)
	out.Conditions = slices.Clone(in.Conditions)
}

func copied[T any](value *T) *T {
	if value == nil {
		return nil
	}
	copied := *value
	return &copied
}
