// Package files measures the file writers of this module beside os.File.Write and others of their kind: what a write costs,
// and how long the write takes that rotates.
package files
