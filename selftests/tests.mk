# SPDX-License-Identifier: GPL-2.0-only
#
# Every test that runs without a lab. A test program prints TAP lines (`ok ...`, `not ok ...`)
# and exits non-zero when something failed.

.SECONDARY:

# The library again, with sanitizers: what the tests link against.
SAN        := $(BUILD)/san
SAN_FLAGS  := -O1 -g $(SANITIZE)
SAN_LIB    := $(patsubst $(BUILD)/user/%,$(SAN)/user/%,$(LIBRARY))

$(SAN)/user/policy/embedded.o: user/policy/embedded.S $(wildcard user/policy/*.yaml user/policy/*.txt)
	$(Q)mkdir -p $(@D) && $(CC) -c -o $@ $<

$(SAN)/user/audit/vectors.o: $(BUILD)/user/audit/vectors.o
	$(Q)mkdir -p $(@D) && cp $< $@

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
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka $(JUDGE)

# Another reader of the same files.
$(SAN)/unit/test_mmdb: JUDGE := -lmaxminddb

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

# The files that `make install` writes, and those for systemd, Prometheus and Grafana.
check-install: $(BUILD)/sipward
	$(Q)BUILD="$(BUILD)" selftests/install/run

# The documents are what the code says, and their commands print what they show.
check-docs: $(BUILD)/sipward $(BUILD)/answers
	$(Q)BUILD="$(BUILD)" selftests/docs/run

check: check-unit check-packets check-install check-docs

# Boots other kernels: KERNELS, or all of selftests/kernels, with the sipward of each of BUILDS.
BUILDS ?= $(BUILD)

check-kernels: $(BUILD)/sipward
	$(Q)BUILDS="$(BUILDS)" selftests/kernels/run $(KERNELS)

-include $(wildcard $(SAN)/*/*.d $(SAN)/user/*/*.d)

format:
	$(Q)find bpf include user selftests -name '*.[ch]' -exec clang-format-14 -i {} +

.PHONY: check check-unit check-packets check-install check-docs check-kernels format

# --- measuring, fuzzing, showing: not part of the tests ---

BENCH := $(wildcard selftests/bench/*.c)

$(BUILD)/bench: $(BENCH) selftests/bench/bench.h $(LIBRARY)
	$(call say,CC,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -o $@ $(BENCH) $(LIBRARY) $(LDLIBS) -losipparser2

bench: $(BUILD)/bench
	$(Q)$(BUILD)/bench

# Writes the cost of each rule into docs/costs.md; takes minutes.
bench-costs: $(BUILD)/bench
	$(Q)$(BUILD)/bench --costs docs/costs.md && cat docs/costs.md

# Over a pair of interfaces, beside nftables; wants an idle machine.
bench-veth: $(BUILD)/sipward
	$(Q)selftests/bench/veth

bench-check: $(BUILD)/bench
	$(Q)selftests/bench/check $(BUILD)/bench

demo: $(BUILD)/sipward
	$(Q)selftests/lab/demo

soak: $(BUILD)/sipward
	$(Q)selftests/lab/soak

.PHONY: bench bench-costs bench-veth bench-check demo soak

# --- fuzzing: FUZZ_SECONDS each in the tests, for hours with `make fuzz FUZZ_SECONDS=36000` ---

FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := -g -O1 -std=gnu11 -D_GNU_SOURCE -DSIPWARD_VERSION='"fuzz"' -Iinclude -Iuser \
                -I$(BUILD) -iquote bpf -iquote selftests/unit -fsanitize=fuzzer,address,undefined \
                -fno-sanitize-recover=undefined
POLICY_FILES := $(wildcard user/policy/*.c) user/policy/embedded.S $(wildcard user/base/*.c)

$(BUILD)/fuzz_scan: selftests/fuzz/fuzz_scan.c $(BUILD)/sip_syntax_table.h \
		$(wildcard bpf/sip/*.h include/sipward/*)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && clang $(FUZZ_FLAGS) -o $@ $<

$(BUILD)/fuzz_policy: selftests/fuzz/fuzz_policy.c $(POLICY_FILES) $(wildcard user/policy/*.yaml user/policy/*.txt)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && clang $(FUZZ_FLAGS) -o $@ $< $(POLICY_FILES) -lyaml -lmd

# NAME, options, seeds: what it finds stays in BUILD/fuzz.
fuzz_run = $(Q)mkdir -p $(BUILD)/fuzz/$(1) && \
	if $(BUILD)/fuzz_$(1) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(BUILD)/fuzz/$(1)- \
		-print_final_stats=1 $(2) $(BUILD)/fuzz/$(1) $(3) >$(BUILD)/fuzz/$(1).log 2>&1; \
	then echo "ok fuzz $(1): $$(sed -n 's/^stat::number_of_executed_units: *//p' \
		$(BUILD)/fuzz/$(1).log) runs"; \
	else tail -n 40 $(BUILD)/fuzz/$(1).log; echo "not ok fuzz $(1) - see $(BUILD)/fuzz"; exit 1; fi

fuzz: $(BUILD)/fuzz_scan $(BUILD)/fuzz_policy
	$(call fuzz_run,scan,-max_len=2048,selftests/corpus/ordinary selftests/corpus/torture)
	$(call fuzz_run,policy,-max_len=4096,selftests/fuzz/seeds/policy selftests/policies/good selftests/policies/bad)

attack: $(BUILD)/sipward
	$(Q)WITHOUT=1 selftests/lab/run attack
	$(Q)LONG=1 selftests/attacks/run

# Real servers and phones, without and with sipward. Those that Debian 12 lacks are fetched.
interop: $(BUILD)/sipward
	$(Q)scripts/install-deps test interop
	$(Q)selftests/interop/run

.PHONY: fuzz attack interop

# --- the sender of the lab that needs a BPF program of its own ---

MILLION := selftests/flood/million

$(BUILD)/million.bpf.o: $(MILLION).bpf.c $(MILLION).h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_FLAGS) -c -o $@ $<

$(BUILD)/million.skel.h: $(BUILD)/million.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name million_bpf > $@.new && mv $@.new $@

$(BUILD)/million: $(MILLION).c $(MILLION).h selftests/flood/sender.h $(BUILD)/million.skel.h
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $< -lbpf -lelf -lz

# Fills tables, and watches the heartbeat, for the lab's group load.
$(BUILD)/tables: selftests/flood/tables.c $(wildcard include/sipward/*.h)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $< -lbpf -lelf -lz

# --- the differential test: MESSAGES at random, read by sipward and by other SIP parsers ---

MESSAGES       ?= 1000000
DIFFERENTIAL   := $(SAN)/differential/differential
DIFFERENTIAL_O := $(patsubst selftests/%.c,$(SAN)/%.o,$(wildcard selftests/differential/*.c)) \
		  $(SAN)/unit/sip_generate.o $(SAN)/unit/sip_grammar.o $(SAN)/unit/sip_mutate.o

$(DIFFERENTIAL_O): CFLAGS += -isystem /usr/include/re $(patsubst -I%,-isystem %,\
		   $(shell pkg-config --cflags sofia-sip-ua)) -Iselftests/differential

$(DIFFERENTIAL): $(DIFFERENTIAL_O) $(SAN)/user/base/base.o $(SAN)/user/base/text.o
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ -losipparser2 -lsofia-sip-ua -lre

differential: $(DIFFERENTIAL)
	$(Q)$(DIFFERENTIAL) $(MESSAGES)

differential-program: $(DIFFERENTIAL)

.PHONY: differential differential-program

# --- chaos: the agent is killed, or a step of it fails, at every point (user/base/fault.h) ---

# With a data path that loads in a moment; REAL=1 takes the real one, which takes an hour.
ifeq ($(REAL),1)
FAULTS := $(BUILD)/faults-real
else
FAULTS := $(BUILD)/faults
CHAOS_PATH := DATA_PATH=selftests/chaos/short.bpf.c
endif

faults:
	$(Q)$(MAKE) BUILD=$(FAULTS) CFLAGS="-O2 -g -DSW_FAULTS" $(CHAOS_PATH) $(FAULTS)/sipward

chaos: faults
	$(Q)selftests/chaos/run $(FAULTS)/sipward

.PHONY: faults chaos

# --- packages ---

deb:
	$(Q)scripts/install-deps build package
	$(Q)BUILD="$(BUILD)" scripts/packaging/deb

rpm:
	$(Q)BUILD="$(BUILD)" scripts/packaging/rpm

# In a fresh root of Debian: it needs the mirror, so `check` leaves it out.
check-packages: $(BUILD)/sipward
	$(Q)scripts/install-deps build package
	$(Q)BUILD="$(BUILD)" selftests/packaging/run
	$(Q)BUILD="$(BUILD)" selftests/packaging/rpm

.PHONY: deb rpm check-packages
