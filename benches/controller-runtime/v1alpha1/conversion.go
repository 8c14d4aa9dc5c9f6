package v1alpha1

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/conversion"

	"stow.myob.com/benches/controller-runtime/v1beta1"
)

// What one version cannot say is kept in an annotation on the other, one for
// each field.
const (
	hubPrefix   = "hub.stow.myob.com/"
	spokePrefix = "spoke.stow.myob.com/"
)

// remembered is how a field was said that the other version shows differently.
type remembered struct {
	Shown any `json:"shown,omitempty"`
	Value any `json:"value,omitempty"`
}

// ConvertTo converts to the hub.
func (src *PostgresDB) ConvertTo(hub conversion.Hub) error {
	dst := hub.(*v1beta1.PostgresDB)
	dst.ObjectMeta, dst.Status = src.ObjectMeta, src.Status
	notes := maps.Clone(src.Annotations)
	fresh := map[string]string{}

	dst.Spec.Size, dst.Spec.MultiAZ, dst.Spec.Tags = src.Spec.Size, src.Spec.HA, src.Spec.Tags
	if storage := src.Spec.Storage; storage != nil {
		dst.Spec.Storage = storage.String() + "Gi"
		dst.Spec.StorageType = "gp2"
		// A number comes back as text unless it is kept.
		if storage.Type == intstr.Int {
			if err := keep(fresh, spokePrefix+"storage", remembered{dst.Spec.Storage, storage}); err != nil {
				return err
			}
		}
	}
	if iops := src.Spec.IOPS; iops != nil {
		number, err := strconv.ParseInt(iops.String(), 10, 64)
		if err != nil {
			return err
		}
		dst.Spec.IOPS, dst.Spec.StorageType = &number, "io1"
		if iops.Type == intstr.String {
			if err := keep(fresh, spokePrefix+"iops", remembered{number, iops}); err != nil {
				return err
			}
		}
	}
	var storageType struct {
		Shown bool   `json:"shown"`
		Value string `json:"value"`
	}
	found, err := take(notes, "storageType", &storageType)
	if err != nil {
		return err
	}
	if found && storageType.Shown == (src.Spec.IOPS != nil) {
		dst.Spec.StorageType = storageType.Value
	}
	for path, field := range hubOnly(&dst.Spec, true) {
		if _, err := take(notes, path, field); err != nil {
			return err
		}
	}
	prune(&dst.Spec)
	dst.Annotations = merged(notes, fresh)
	return nil
}

// ConvertFrom converts from the hub.
func (dst *PostgresDB) ConvertFrom(hub conversion.Hub) error {
	src := hub.(*v1beta1.PostgresDB)
	dst.ObjectMeta, dst.Status = src.ObjectMeta, src.Status
	notes := maps.Clone(src.Annotations)
	fresh := map[string]string{}

	dst.Spec.Size, dst.Spec.HA, dst.Spec.Tags = src.Spec.Size, src.Spec.MultiAZ, src.Spec.Tags
	if number, is := strings.CutSuffix(src.Spec.Storage, "Gi"); is {
		storage := intstr.FromString(number)
		dst.Spec.Storage = &storage
	}
	if src.Spec.IOPS != nil {
		iops := intstr.FromInt32(int32(*src.Spec.IOPS))
		dst.Spec.IOPS = &iops
	}
	for name, field := range map[string]*intstr.IntOrString{"storage": dst.Spec.Storage, "iops": dst.Spec.IOPS} {
		text, found := notes[spokePrefix+name]
		delete(notes, spokePrefix+name)
		if !found || field == nil {
			continue
		}
		var kept struct {
			Shown any                `json:"shown"`
			Value intstr.IntOrString `json:"value"`
		}
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return err
		}
		*field = kept.Value
	}
	derived := ""
	switch {
	case dst.Spec.IOPS != nil:
		derived = "io1"
	case dst.Spec.Storage != nil:
		derived = "gp2"
	}
	if derived != src.Spec.StorageType {
		note := remembered{dst.Spec.IOPS != nil, src.Spec.StorageType}
		if err := keep(fresh, hubPrefix+"storageType", note); err != nil {
			return err
		}
	}
	for path, field := range hubOnly(&src.Spec, false) {
		value := reflect.ValueOf(field).Elem()
		if value.IsZero() {
			continue
		}
		if err := keep(fresh, hubPrefix+path, field); err != nil {
			return err
		}
	}
	dst.Annotations = merged(notes, fresh)
	return nil
}

// hubOnly has the fields that the spoke cannot say, by path. Groups that are not
// there are made on demand, or left out.
func hubOnly(spec *v1beta1.PostgresDBSpec, make bool) map[string]any {
	fields := map[string]any{
		"engineVersion":  &spec.EngineVersion,
		"deletionPolicy": &spec.DeletionPolicy,
		"secretName":     &spec.SecretName,
	}
	if make && spec.Backup == nil {
		spec.Backup = &v1beta1.Backup{}
	}
	if make && spec.Network == nil {
		spec.Network = &v1beta1.Network{}
	}
	if backup := spec.Backup; backup != nil {
		fields["backup.retentionDays"] = &backup.RetentionDays
		fields["backup.window"] = &backup.Window
	}
	if network := spec.Network; network != nil {
		fields["network.subnetGroup"] = &network.SubnetGroup
		fields["network.securityGroups"] = &network.SecurityGroups
		fields["network.publiclyAccessible"] = &network.PubliclyAccessible
	}
	return fields
}

// prune removes the groups that nothing was found for.
func prune(spec *v1beta1.PostgresDBSpec) {
	if reflect.ValueOf(spec.Backup).Elem().IsZero() {
		spec.Backup = nil
	}
	if reflect.ValueOf(spec.Network).Elem().IsZero() {
		spec.Network = nil
	}
}

func keep(notes map[string]string, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	notes[name] = string(text)
	return nil
}

func take(notes map[string]string, path string, field any) (bool, error) {
	text, found := notes[hubPrefix+path]
	if !found {
		return false, nil
	}
	delete(notes, hubPrefix+path)
	return true, json.Unmarshal([]byte(text), field)
}

func merged(notes, fresh map[string]string) map[string]string {
	if notes == nil {
		notes = map[string]string{}
	}
	maps.Copy(notes, fresh)
	if len(notes) == 0 {
		return nil
	}
	return notes
}
