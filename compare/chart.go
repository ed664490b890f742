package main

func (r *report) writeCharts(dir string) error { return nil }
