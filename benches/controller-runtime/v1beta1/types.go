// Package v1beta1 is the hub.
package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var version = schema.GroupVersion{Group: "myob.com", Version: "v1beta1"}

// AddToScheme registers the kind.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(version, &PostgresDB{})
	return nil
}

// PostgresDB is a PostgreSQL database on Amazon RDS.
type PostgresDB struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   PostgresDBSpec   `json:"spec,omitempty"`
	Status PostgresDBStatus `json:"status,omitempty"`
}

// Hub marks the version that all others convert to and from.
func (*PostgresDB) Hub() {}

// PostgresDBSpec is what the database should be.
type PostgresDBSpec struct {
	Size           string            `json:"size,omitempty"`
	Storage        string            `json:"storage,omitempty"`
	StorageType    string            `json:"storageType,omitempty"`
	IOPS           *int64            `json:"iops,omitempty"`
	MultiAZ        *bool             `json:"multiAZ,omitempty"`
	EngineVersion  string            `json:"engineVersion,omitempty"`
	Backup         *Backup           `json:"backup,omitempty"`
	Network        *Network          `json:"network,omitempty"`
	DeletionPolicy string            `json:"deletionPolicy,omitempty"`
	SecretName     string            `json:"secretName,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

// Backup is how long backups are kept.
type Backup struct {
	RetentionDays *int64 `json:"retentionDays,omitempty"`
	Window        string `json:"window,omitempty"`
}

// Network is where the database is reached.
type Network struct {
	SubnetGroup        string   `json:"subnetGroup,omitempty"`
	SecurityGroups     []string `json:"securityGroups,omitempty"`
	PubliclyAccessible *bool    `json:"publiclyAccessible,omitempty"`
}

// PostgresDBStatus is the same in both versions.
type PostgresDBStatus struct {
	Ready              string             `json:"ready,omitempty"`
	ARN                string             `json:"arn,omitempty"`
	ID                 string             `json:"id,omitempty"`
	Endpoint           *Endpoint          `json:"endpoint,omitempty"`
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// Endpoint is the address of the database.
type Endpoint struct {
	Address string `json:"address,omitempty"`
	Port    int32  `json:"port,omitempty"`
}
