/* Private to cli/: what several subcommands are given: a policy, claims, a moment, a token. */
#ifndef QW_CLI_GIVEN_H
#define QW_CLI_GIVEN_H

#include "qw/policy.h"

enum { GIVEN_CLAIMS_MAX = 64 };

struct policy *given_policy(const char *file); /* NULL: said on stderr */
/* "k=v,k=v" is cut in place; more than GIVEN_CLAIMS_MAX or a part without "=": -1 */
int given_claims(char *text, struct qw_claim *out);
/* "tainted,reads_secret": false on any other word */
bool given_when(const char *words, struct policy_moment *out);
/* The file's text without blanks around it, to be wiped and freed; "-" is standard input. NULL: said on stderr. */
char *given_token(const char *command, const char *file);

#endif
