package configured

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// Logger returns a logger for engines, which know no Terraform: what they log appears under TF_LOG.
func Logger(ctx context.Context) *slog.Logger { return slog.New(&handler{ctx: ctx}) }

type handler struct {
	ctx    context.Context // carries tflog's logger
	attrs  []slog.Attr
	prefix string
}

func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

func (h *handler) Handle(_ context.Context, record slog.Record) error {
	fields := make(map[string]any, len(h.attrs)+record.NumAttrs())
	for _, attr := range h.attrs {
		fields[attr.Key] = attr.Value.Resolve().String()
	}
	record.Attrs(func(attr slog.Attr) bool {
		fields[h.prefix+attr.Key] = attr.Value.Resolve().String()
		return true
	})
	switch {
	case record.Level >= slog.LevelError:
		tflog.Error(h.ctx, record.Message, fields)
	case record.Level >= slog.LevelWarn:
		tflog.Warn(h.ctx, record.Message, fields)
	case record.Level >= slog.LevelInfo:
		tflog.Info(h.ctx, record.Message, fields)
	default:
		tflog.Debug(h.ctx, record.Message, fields)
	}
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append([]slog.Attr(nil), h.attrs...)
	for _, attr := range attrs {
		next.attrs = append(next.attrs, slog.Attr{Key: h.prefix + attr.Key, Value: attr.Value})
	}
	return &next
}

func (h *handler) WithGroup(name string) slog.Handler {
	next := *h
	next.prefix += name + "."
	return &next
}
