/* One decoder of a protocol, named by FUZZ_TARGET. */
#include "decoder_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder_check *check;

	if (!check)
		check = decoder_check_find(FUZZ_TARGET);
	QW_ASSERT(check != NULL);
	(void)check->run(qw_bytes(data, size));
	return 0;
}
