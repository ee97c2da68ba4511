/* What `sessions` and `replay` have in common: their options, the ledger they read, a session's
 * name. */
#ifndef QW_CLI_LEDGER_ARGS_H
#define QW_CLI_LEDGER_ARGS_H

#include "qw/audit.h"

struct ledger_args {
	const char *config, *audit; /* one of the two */
	const char *id;		    /* the one plain argument, or NULL */
	bool json, transcript;
	size_t limit; /* 0: all */
};
/* 0, or CONFIG after having said what is wrong with it. */
int ledger_args_parse(int argc, char **argv, struct ledger_args *out) QW_MUST_CHECK;
int ledger_args_open(
	const struct ledger_args *args, struct audit_reader **out) QW_MUST_CHECK; /* says why not */

/* Hex, or the start of it when only one session has it; "gateway" for the gateway's own records.
 * Says why not. */
int ledger_find_session(
	struct audit_reader *r, const char *name, uint8_t id[QW_SESSION_ID_BYTES]) QW_MUST_CHECK;

struct qw_bytes ledger_field(
	struct qw_bytes fields, enum qw_record_field f); /* empty when absent */

#endif
