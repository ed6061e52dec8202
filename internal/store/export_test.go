package store

// PartOf is for tests that leave a part behind.
var PartOf = partOf
