package otlp

// The tags of the messages that are written, from opentelemetry/proto of OTLP 1.11: field number and wire type.
const (
	tagRequestResourceLogs = 1<<3 | 2
	tagResourceLogsRes     = 1<<3 | 2
	tagResourceLogsScope   = 2<<3 | 2
	tagResourceAttribute   = 1<<3 | 2
	tagScopeLogsScope      = 1<<3 | 2
	tagScopeLogsRecord     = 2<<3 | 2
	tagScopeName           = 1<<3 | 2
	tagScopeVersion        = 2<<3 | 2

	tagRecordTime      = 1<<3 | 1
	tagRecordSeverity  = 2 << 3
	tagRecordLevel     = 3<<3 | 2
	tagRecordBody      = 5<<3 | 2
	tagRecordAttribute = 6<<3 | 2
	tagRecordTrace     = 9<<3 | 2
	tagRecordSpan      = 10<<3 | 2
	tagRecordObserved  = 11<<3 | 1
	tagKeyValueKey     = 1<<3 | 2
	tagKeyValueValue   = 2<<3 | 2
	tagAnyString       = 1<<3 | 2
	tagAnyBool         = 2 << 3
	tagAnyInt          = 3 << 3
	tagAnyDouble       = 4<<3 | 1
	tagAnyArray        = 5<<3 | 2
	tagAnyKeyValues    = 6<<3 | 2
	tagAnyBytes        = 7<<3 | 2
	tagListElement     = 1<<3 | 2 // of ArrayValue and of KeyValueList
)
