package kube

// What `cluster setup` makes, by name. The first three are Kueue's and belong
// to the whole cluster or, the LocalQueue, to one namespace; the others are in
// that namespace too.
const (
	FlavorName       = "default-flavor"
	ClusterQueueName = "vast-cluster-queue"
	// LocalQueueName is the queue that tasks join by default.
	LocalQueueName = "vast"
	// StoreName is the Deployment, Service, claim and NetworkPolicy of the
	// store in the cluster, and the Secret by which whichever store is used is
	// written to: the writer's.
	StoreName = "vast-store"
	// StoreReaderName is the Secret with the same keys by which it can only be
	// read. A namespace that an older version set up has none.
	StoreReaderName = "vast-store-reader"
	// StoreRootName is the Secret with what only the Deployment of the store in
	// the cluster holds: the root credentials, all accounts, the key of its
	// certificate.
	StoreRootName = "vast-store-root"
	// AgentName is the ServiceAccount, Role and RoleBinding of our own pods.
	AgentName = "vast-agent"
	// ApprovalsName is the ValidatingAdmissionPolicy of approvals, and its binding.
	ApprovalsName = "vast-approvals"
	// DriverName is the ServiceAccount, Role and RoleBinding of the drivers of workflows.
	DriverName = "vast-driver"
	// SetupName is the ConfigMap that records what was set up.
	SetupName = "vast-setup"
	// SetupKey is the key of the record in SetupName, as JSON; store.kind in it
	// is the kind of the store.
	SetupKey = "setup.json"
)

// Keys of the Secrets StoreName and StoreReaderName.
const (
	StoreEndpoint  = "endpoint" // "https://vast-store.team-a.svc:7070"
	StoreRegion    = "region"
	StoreBucket    = "bucket"
	StoreAccessKey = "access-key-id"
	StoreSecretKey = "secret-access-key"
	// StoreCA is optional: the certificates, as PEM, of which one has to have
	// signed the store's. Without it those of the system are used.
	StoreCA = "ca.crt"
	// StorePolicy is optional: what a bucket that has to be made again gets.
	StorePolicy = "bucket-policy"
)

// Names of the built-in store's accounts where no real ones are made: in what is
// only printed, and for who makes the Secrets by hand.
const (
	PlaceholderRoot   = "vast-root"
	PlaceholderWriter = "vast-writer"
	PlaceholderReader = "vast-reader"
)

// Labels on everything that `cluster setup` made.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by"
	LabelComponent = "app.kubernetes.io/component"
	ManagedBy      = "kubevast"
)

// AgentImage is the image of our own pods, without its tag.
const AgentImage = "ghcr.io/kubevast/agent"
