package main

import "errors"

func draw() error { return errors.New("there are no pictures yet") }
