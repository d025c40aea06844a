// stoa-worker: runs one model for a node, in a sandbox. Started by stoad, never by hand: it's given
// a socket as descriptor 3 and the model's file as descriptor 4, and lives as long as the socket.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "stoa/engines/llama_backend.hpp"
#include "stoa/engines/onnx_backend.hpp"
#include "stoa/engines/sandbox.hpp"
#include "stoa/engines/serve.hpp"

namespace engines = stoa::engines;

namespace {

constexpr int kSocket = 3;
constexpr int kModel = 4;

// Ends without destructors: an engine's threads may be anywhere.
[[noreturn]] void end(int code) {
    std::fflush(stderr);
    std::_Exit(code);
}

void run(const std::string& backend, const engines::BackendOptions& options,
         std::uint64_t memory_bytes) {
    const bool is_llama = backend == "llama";
    is_llama ? engines::prepare_llama() : engines::prepare_onnx();
    const stoa::Hash256 digest = engines::digest_of_engine();
    engines::enter_sandbox(memory_bytes);
    const auto model =
        is_llama ? engines::load_llama(kModel, options) : engines::load_onnx(kModel, options);
    close(kModel);
    engines::serve(kSocket, *model, digest);
}

}  // namespace

int main(int argc, char** argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::string backend;
    engines::BackendOptions options;
    std::uint64_t memory_bytes = 0;
    CLI::App app("Runs one model for a Stoa node, which starts it; see stoad.");
    app.add_option("--backend", backend)->required()->check(CLI::IsMember({"llama", "onnx"}));
    app.add_option("--threads", options.threads)->check(CLI::Range(1, 256));
    app.add_option("--parallel", options.parallel)->check(CLI::Range(1, 64));
    app.add_option("--context", options.context)->check(CLI::Range(16, 1 << 20));
    app.add_option("--memory", memory_bytes, "Bytes of address space, 0 for no limit");
    CLI11_PARSE(app, argc, argv);

    try {
        run(backend, options, memory_bytes);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        try {
            engines::report_failure(kSocket, failure.what());
        } catch (const std::exception&) {
            end(2);  // the node is gone
        }
        end(1);
    }
    end(0);
}
