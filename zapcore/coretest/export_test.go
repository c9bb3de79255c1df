package coretest

import "time"

// SetPatience makes the suite wait less for what will not happen.
func SetPatience(d time.Duration) { patience = d }

// RaceOn tells the suite's own tests what the suite knows.
const RaceOn = raceEnabled
