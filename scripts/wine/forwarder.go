package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
)

// The Go runtime takes its random numbers from ProcessPrng in bcryptprimitives.dll, which wine 8.0 does not have: a Go program crashes
// before main. advapi32.dll has the same function under another name, and a Windows library may forward a function to another library.
// So a library without any code is enough.
const (
	forwarderFile = "bcryptprimitives.dll"
	forwarderName = "ProcessPrng"
	forwarderTo   = "advapi32.SystemFunction036"
)

// The library in its file, and in memory:
//
//	   0  headers          0x0000
//	 512  export directory 0x1000   what we export, and the texts: names, and where to find ProcessPrng
//	1024  end              0x2000
const (
	fileAlignment = 0x200
	pageSize      = 0x1000
	imageBase     = 0x180000000
)

// exportDirectory is IMAGE_EXPORT_DIRECTORY, followed by its three tables, each with one entry.
type exportDirectory struct {
	Characteristics, TimeDateStamp uint32
	MajorVersion, MinorVersion     uint16
	Name                           uint32 // addresses count from the beginning of the image
	Base                           uint32
	NumberOfFunctions              uint32
	NumberOfNames                  uint32
	AddressOfFunctions             uint32
	AddressOfNames                 uint32
	AddressOfNameOrdinals          uint32

	Function uint32 // an address inside the export directory: not code, but the name of another function
	FuncName uint32
	Ordinal  uint16
}

// Where the tables of an exportDirectory begin, and where it ends.
const (
	functionsAt = 40
	namesAt     = 44
	ordinalsAt  = 48
	textsAt     = 50
)

// forwarder returns the library.
func forwarder() []byte {
	exports := exportSection()
	var out bytes.Buffer
	out.WriteString("MZ")
	out.Write(make([]byte, 58))
	write(&out, uint32(64)) // where the rest of the headers begins
	out.WriteString("PE\x00\x00")
	write(&out, pe.FileHeader{
		Machine:              pe.IMAGE_FILE_MACHINE_AMD64,
		NumberOfSections:     1,
		SizeOfOptionalHeader: uint16(binary.Size(pe.OptionalHeader64{})),
		Characteristics:      pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
	})
	optional := pe.OptionalHeader64{
		Magic:                       0x20b,
		ImageBase:                   imageBase,
		SectionAlignment:            pageSize,
		FileAlignment:               fileAlignment,
		MajorOperatingSystemVersion: 6,
		MajorSubsystemVersion:       6,
		SizeOfInitializedData:       fileAlignment,
		SizeOfImage:                 2 * pageSize,
		SizeOfHeaders:               fileAlignment,
		Subsystem:                   pe.IMAGE_SUBSYSTEM_WINDOWS_CUI,
		DllCharacteristics:          pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT | pe.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE,
		NumberOfRvaAndSizes:         16,
	}
	optional.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT] = pe.DataDirectory{VirtualAddress: pageSize, Size: uint32(len(exports))}
	write(&out, optional)
	write(&out, pe.SectionHeader32{
		Name:             [8]uint8{'.', 'e', 'd', 'a', 't', 'a'},
		VirtualSize:      uint32(len(exports)),
		VirtualAddress:   pageSize,
		SizeOfRawData:    fileAlignment,
		PointerToRawData: fileAlignment,
		Characteristics:  pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
	})
	out.Write(make([]byte, fileAlignment-out.Len()))
	out.Write(exports)
	out.Write(make([]byte, 2*fileAlignment-out.Len()))
	return out.Bytes()
}

func exportSection() []byte {
	var texts bytes.Buffer
	text := func(s string) uint32 {
		at := pageSize + textsAt + texts.Len()
		texts.WriteString(s + "\x00")
		return uint32(at)
	}
	var out bytes.Buffer
	write(&out, exportDirectory{
		Name:                  text(forwarderFile),
		Base:                  1,
		NumberOfFunctions:     1,
		NumberOfNames:         1,
		AddressOfFunctions:    pageSize + functionsAt,
		AddressOfNames:        pageSize + namesAt,
		AddressOfNameOrdinals: pageSize + ordinalsAt,
		Function:              text(forwarderTo),
		FuncName:              text(forwarderName),
	})
	out.Write(texts.Bytes())
	return out.Bytes()
}

// write appends v, little-endian, to a buffer that takes all.
func write(out *bytes.Buffer, v any) { _ = binary.Write(out, binary.LittleEndian, v) }
