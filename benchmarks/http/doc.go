// Package http holds what package httpcore is compared with: OpenTelemetry's own decoder and exporter.
package http
