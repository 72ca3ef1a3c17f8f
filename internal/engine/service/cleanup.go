package service

import "context"

// SharedCleaner is a Service whose clean-up is of something that targets beside it use as well: the versions of a function
// that has several aliases.
type SharedCleaner interface {
	// CleanupBeside is Cleanup, with the captures of the other targets that the same rollback puts back: what they use now
	// and will not use then is no hindrance.
	CleanupBeside(ctx context.Context, item Item, beside []Item) ([]Change, error)
}
