package captcha

import (
	"context"
	"errors"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// receiptField is the name of a receipt in a submission and in the reply to an exchange.
const receiptField = "captcha_receipt"

// errNoReceipts reports a programmer's mistake.
var errNoReceipts = errors.New("captcha: Config.Receipts is not set, so there are no receipts")

func (g *Guard) noReceipts(ctx context.Context) error {
	g.complain(ctx, errNoReceipts.Error())
	return &Error{Failed, http.StatusInternalServerError, "No receipts are given here.", errNoReceipts}
}

// ReceiptTo returns a receipt for a visitor who has just met a challenge; the caller has to make sure of that. The
// receipt is good once, within the time that Config.Receipts sets, for this guard's purpose and the visitor's binding.
// It is not accepted by a request that demands more than the visitor brought. It takes no room in the storage until it
// is used. The error is ErrStorage, or says that Config.Receipts is not set.
func (g *Guard) ReceiptTo(ctx context.Context, visitor Visitor) (string, error) {
	return g.receiptFor(ctx, visitor, g.demand(visitor))
}

func (g *Guard) receiptFor(ctx context.Context, visitor Visitor, worth Demand) (string, error) {
	if g.cfg.Receipts == 0 {
		return "", g.noReceipts(ctx)
	}
	scope := g.scope(visitor)
	scope.Kind = keep.Receipt
	receipt, _, err := g.receipts.Issue(ctx, keep.Challenge{Terms: worth.terms(0), Expires: g.cfg.Now().Add(g.cfg.Receipts)}, scope)
	if err != nil {
		return "", g.storageFailed(ctx, msgNotIssued, err)
	}
	return receipt, nil
}

// errReceipt is the cause of an ErrUnknownKey that is about a receipt. The visitor has typed no letters, and may well
// have sent the form before.
var errReceipt = errors.New("captcha: the receipt is unknown, used or expired")

// useReceipt uses up the receipt of a submission, and returns what was brought for it.
func (g *Guard) useReceipt(ctx context.Context, s Submission) (brought, error) {
	b, err := g.takeReceipt(ctx, s)
	var unknown *Error
	if errors.As(err, &unknown) && unknown.Reason == UnknownKey {
		err = &Error{UnknownKey, unknown.Status, unknown.Detail, errors.Join(errReceipt, unknown.Cause)}
	}
	return b, err
}

func (g *Guard) takeReceipt(ctx context.Context, s Submission) (brought, error) {
	if !keep.KeyForm(s.receipt) {
		return brought{}, ErrUnknownKey
	}
	scope := g.scope(s.visitor)
	scope.Kind = keep.Receipt
	c, err := g.keeperOf(keep.Receipt).Take(ctx, s.receipt, scope)
	if err != nil {
		return brought{}, g.keptError(ctx, err)
	}
	if s.trapped {
		return brought{}, errTrappedReceipt
	}
	b := broughtFor(demandOf(c.Terms))
	if !b.meets(g.demand(s.visitor)) {
		return b, ErrUnknownKey
	}
	return b, nil
}

// exchange answers a met challenge with a receipt.
func (g *Guard) exchange(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	if g.cfg.Receipts == 0 {
		return notFound()
	}
	if string(r.Method()) != http.MethodPost {
		return notAllowed(r)
	}
	submission, err := Edge{g}.Read(ctx, r, visitor)
	if err != nil {
		return err
	}
	receipt, err := g.exchanged(ctx, submission)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, map[string]any{receiptField: receipt, "expires_in": int(g.cfg.Receipts.Seconds())})
}

// exchanged verifies a submission, and returns a receipt that is worth what it brought.
func (g *Guard) exchanged(ctx context.Context, s Submission) (receipt string, err error) {
	if s.receipt != "" {
		return "", FieldErrors{receiptField: {errNotText}} // one receipt is not worth another
	}
	b, err := g.settle(ctx, s)
	if err != nil {
		return "", err
	}
	return g.receiptFor(ctx, s.visitor, b.worth())
}
