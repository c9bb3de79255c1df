package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestForwarder reads the library as a loader does.
func TestForwarder(t *testing.T) {
	image := forwarder()
	file, err := pe.NewFile(bytes.NewReader(image))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	assert.Equal(t, uint16(pe.IMAGE_FILE_MACHINE_AMD64), file.Machine)
	assert.Len(t, image, 2*fileAlignment)
	assert.Equal(t, textsAt, binary.Size(exportDirectory{}), "the tables are where the directory says")

	header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
	require.True(t, ok)
	where := header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT]
	data, err := file.Section(".edata").Data()
	require.NoError(t, err)
	at := func(address uint32) []byte { return data[address-file.Section(".edata").VirtualAddress:] }
	text := func(address uint32) string {
		s, _, _ := bytes.Cut(at(address), []byte{0})
		return string(s)
	}
	var dir exportDirectory
	require.NoError(t, binary.Read(bytes.NewReader(at(where.VirtualAddress)), binary.LittleEndian, &dir))
	assert.Equal(t, "bcryptprimitives.dll", text(dir.Name))
	assert.Equal(t, "ProcessPrng", text(binary.LittleEndian.Uint32(at(dir.AddressOfNames))))
	assert.Zero(t, binary.LittleEndian.Uint16(at(dir.AddressOfNameOrdinals)))
	target := binary.LittleEndian.Uint32(at(dir.AddressOfFunctions))
	assert.Equal(t, "advapi32.SystemFunction036", text(target))
	assert.Less(t, target-where.VirtualAddress, where.Size, "inside the export directory: a forwarder, not code")
}
