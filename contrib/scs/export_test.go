package scscookie

// For a test by reflection of what reaches the core.
var (
	CoreOptions  = coreOptions
	CodecOptions = codecOptions
)
