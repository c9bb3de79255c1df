package coretest

// RaceOn tells the suite's own tests what the suite knows.
const RaceOn = raceEnabled
