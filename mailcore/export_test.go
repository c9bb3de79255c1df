package mailcore

// What the tests of the package share with those from outside.
var (
	Hostile = hostile
	Logged  = logged
	Cleaned = cleaned
)
