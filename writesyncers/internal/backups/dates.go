package backups

// Layouts are the forms a date has in the names of backups, of any Schedule there is.
var Layouts = []string{"2006-01-02_15-04-05", "2006-01-02_15-04", "2006-01-02_15", "2006-01-02"}
