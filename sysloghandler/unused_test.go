package sysloghandler

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// settings are those of what a message looks like, with values that are not the default: one of them at least makes a difference in
// each mode, or is refused by its name.
var settings = map[string][]func(*Config){
	"Encoder":     {func(c *Config) { c.Encoder = zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}) }},
	"Framing":     {func(c *Config) { c.Framing = netcore.NUL }, func(c *Config) { c.Framing = netcore.Newline }},
	"MaxSize":     {func(c *Config) { c.MaxSize = 1500 }},
	"Facility":    {func(c *Config) { c.Facility = "local3" }},
	"MapPriority": {func(c *Config) { c.MapPriority = func(zapcore.Level) Priority { return Debug } }},
	"Ident":       {func(c *Config) { c.Ident = "ident: " }},
	"OmitNUL":     {func(c *Config) { c.OmitNUL = true }},
	"Hostname":    {func(c *Config) { c.Hostname = "other" }},
	"AppName":     {func(c *Config) { c.AppName = "other" }},
	"ProcID":      {func(c *Config) { c.ProcID = "other" }},
	"MsgID":       {func(c *Config) { c.MsgID = func(zapcore.Entry) string { return "id" } }},
	"FieldsID":    {func(c *Config) { c.FieldsID = "zap@1" }},
	"NestedJSON":  {func(c *Config) { c.NestedJSON = true }},
	"Separator":   {func(c *Config) { c.Separator = "/" }},
	"UniqueNames": {func(c *Config) { c.UniqueNames = true }},
	"Controls":    {func(c *Config) { c.Controls = VisibleControls }, func(c *Config) { c.Controls = RawControls }},
	"SequenceID":  {func(c *Config) { c.SequenceID = true }},
	"TimeQuality": {func(c *Config) { c.TimeQuality = &TimeQuality{Synced: true} }},
	"Origin":      {func(c *Config) { c.Origin = &Origin{Software: "shop"} }},
	"BOM":         {func(c *Config) { c.BOM = true }},
}

// elsewhere are the other fields: what they do is shown by tests of their own, here and in package netcore.
var elsewhere = []string{"Level", "Format", "Network", "Address", "TLS", "Dial", "Timeout", "RetryStart", "RetryFactor", "RetryMax", "RetryJitter",
	"OnError", "sockets"}

// modes are the ways in which messages can be made and framed.
var modes = []Config{
	{}, {Network: "tcp"}, {Network: "tcp", Framing: netcore.Newline}, {Network: "unix"}, {Network: "unixgram"}, {Network: "relp"},
	{Network: "local"}, {Network: "journal"},
	{Format: RFC3164}, {Format: RFC3164, Network: "tcp"}, {Format: RFC3164, Network: "unixgram"}, {Format: RFC5424, Network: "local"},
	{Format: Python}, {Format: Python, Network: "tcp"}, {Format: Python, Network: "tcp", Framing: netcore.OctetCounting}, {Format: Python, Network: "unix"},
	{Format: Python, Network: "tcp", Framing: netcore.Newline},
	{Encoder: zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})},
	{Format: RFC3164, Encoder: zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})},
}

// made is what a Config makes of a record that has something for each setting.
func made(cfg Config) (string, error) {
	if cfg.network() == "unix" || cfg.network() == "unixgram" {
		cfg.Address = "/run/log"
	}
	whole, formatter, err := cfg.complete()
	if err != nil {
		return "", err
	}
	var r base.Record
	err = r.Capture(entry("text\x1b"+strings.Repeat("x", 1000)), base.Context{}, []zapcore.Field{
		zap.Dict("o", zap.Int("a", 1)), zap.String("k", "\x1b"), zap.Int("K", 2), zap.String("long", strings.Repeat("y", 9000)),
	})
	if err != nil {
		return "", err
	}
	b, err := formatter.Append(nil, &r)
	return fmt.Sprintf("%v %s", whole.streamFraming(), b), err
}

// Each setting has an effect in each mode, or is refused there by its name.
func TestEverySettingHasAnEffectOrIsRefused(t *testing.T) {
	fields := reflect.TypeFor[Config]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		assert.True(t, settings[name] != nil || slices.Contains(elsewhere, name), "%s: which test shows what it does?", name)
	}
	for _, mode := range modes {
		without, err := made(mode)
		require.NoError(t, err)
		for name, values := range settings {
			if v := reflect.ValueOf(mode).FieldByName(name); !v.IsZero() {
				continue
			}
			differs := false
			var refusal error
			for _, set := range values {
				cfg := mode
				set(&cfg)
				with, err := made(cfg)
				differs = differs || err == nil && with != without
				refusal = errors.Join(refusal, err)
			}
			if !differs && assert.Error(t, refusal, "%v: %s has no effect", mode, name) {
				assert.ErrorContains(t, refusal, name)
			}
		}
	}
}
