package sysloghandler

// checkUnused returns an error for a field that would have no effect with the rest of the Config.
func checkUnused(cfg *Config) error {
	whole := *cfg
	whole.Format, whole.Network = cfg.format(), cfg.network()
	framed := whole.Format == RFC5424
	for _, s := range [...]struct {
		set, works  bool
		field, what string
	}{
		{cfg.OmitNUL, whole.Format == Python, "OmitNUL", "is for Format Python"},
		{cfg.OmitNUL, !whole.marked(), "OmitNUL", "is not for a Framing that marks the end by a byte"},
		{cfg.Hostname != "", framed || whole.Format == RFC3164 && !whole.onUnix(), "Hostname", "is for RFC5424, and for RFC3164 over the network"},
		{cfg.AppName != "", whole.Format != Python, "AppName", "is not for Format Python, which has Ident"},
		{cfg.ProcID != "", whole.Format != Python, "ProcID", "is not for Format Python, which has none"},
		{cfg.MsgID != nil, framed, "MsgID", "is for Format RFC5424"},
		{cfg.FieldsID != "", framed, "FieldsID", "is for Format RFC5424"},
		{cfg.TimeQuality != nil, framed, "TimeQuality", "is for Format RFC5424"},
		{cfg.Origin != nil, framed, "Origin", "is for Format RFC5424"},
		{cfg.BOM, framed, "BOM", "is for Format RFC5424"},
		{cfg.FieldsID != "", cfg.Encoder == nil, "FieldsID", "is not for an Encoder, which writes the fields itself"},
		{cfg.NestedJSON, cfg.Encoder == nil, "NestedJSON", "is not for an Encoder, which writes the fields itself"},
		{cfg.Separator != "", cfg.Encoder == nil, "Separator", "is not for an Encoder, which writes the fields itself"},
		{cfg.UniqueNames, cfg.Encoder == nil, "UniqueNames", "is not for an Encoder, which writes the fields itself"},
		{cfg.Separator != "", whole.Format != journalForm, "Separator", "is not for Network \"journal\", whose names have underscores"},
		{cfg.UniqueNames, whole.Format != journalForm, "UniqueNames", "is not for Network \"journal\", where they are unique anyway"},
	} {
		if s.set && !s.works {
			return wrong(s.field, "%s", s.what)
		}
	}
	return nil
}
