# SPDX-License-Identifier: GPL-2.0-only
#
# Every test that runs without a lab. A test program prints TAP lines (`ok ...`, `not ok ...`)
# and exits non-zero when something failed.

.SECONDARY:

# The library again, with sanitizers: what the tests link against.
SAN        := $(BUILD)/san
SAN_FLAGS  := -O1 -g $(SANITIZE)
SAN_LIB    := $(patsubst $(BUILD)/user/%,$(SAN)/user/%,$(LIBRARY))

$(SAN)/user/policy/embedded.o: user/policy/embedded.S user/policy/embedded.yaml
	$(Q)mkdir -p $(@D) && $(CC) -c -o $@ $<

$(SAN)/user/%.o: user/%.c | $(BUILD)/sipward.skel.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SAN_FLAGS) -c -o $@ $<

$(SAN)/%.o: selftests/%.c | $(BUILD)/sipward.skel.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SAN_FLAGS) -Iselftests/unit -iquote bpf -c -o $@ $<

test_of     = $(patsubst selftests/%.c,$(SAN)/%,$(wildcard selftests/$(1)/test_*.c))
helpers_of  = $(patsubst selftests/%.c,$(SAN)/%.o,\
	      $(filter-out selftests/$(1)/test_%.c,$(wildcard selftests/$(1)/*.c)))

UNIT_TESTS   := $(call test_of,unit)
PACKET_TESTS := $(call test_of,packets)

$(UNIT_TESTS): $(SAN)/unit/%: $(SAN)/unit/%.o $(call helpers_of,unit) $(SAN_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka

$(PACKET_TESTS): $(SAN)/packets/%: $(SAN)/packets/%.o $(call helpers_of,packets) \
		$(call helpers_of,unit) $(SAN_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka

run_tests = $(Q)failed=; for test in $(1); do \
	CMOCKA_MESSAGE_OUTPUT=TAP $$test || failed="$$failed $$test"; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

check-unit: $(UNIT_TESTS)
	$(call run_tests,$(UNIT_TESTS))

check-packets: $(PACKET_TESTS)
	$(call run_tests,$(PACKET_TESTS))

check: check-unit check-packets

-include $(wildcard $(SAN)/*/*.d $(SAN)/user/*/*.d)

.PHONY: check check-unit check-packets

# --- measuring, fuzzing, showing: not part of the tests ---

$(BUILD)/bench: selftests/bench/bench.c $(LIBRARY)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS) -losipparser2

bench: $(BUILD)/bench
	$(Q)$(BUILD)/bench

demo: $(BUILD)/sipward
	$(Q)selftests/lab/demo

.PHONY: bench demo
