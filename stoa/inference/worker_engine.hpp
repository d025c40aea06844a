// An engine with a stoa-worker process of its own. The worker is started with one end of a pair of
// unix sockets and nothing else, loads one file, and serves until the socket closes. Whatever
// happens to it (a crash on a hostile file, a hang, the kernel's out-of-memory killer) fails the
// calls it had and nothing else, and it's started again after a growing pause.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/inference/engine.hpp"
#include "stoa/inference/model_file.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::inference {

struct WorkerOptions {
    std::filesystem::path worker;  ///< The stoa-worker program.
    std::filesystem::path model;
    Backend backend = Backend::llama;
    /// SHA-256 that the file must have. It's hashed before every start, so a file that was
    /// changed under a running node isn't loaded again.
    Hash256 digest;
    unsigned threads = 0;            ///< 0: half of the processors, at most 8.
    unsigned parallel = 4;           ///< Calls that run at once; more wait.
    unsigned queue = 64;             ///< Calls that may wait; more are refused as busy.
    unsigned context = 4096;         ///< At most; a smaller training context wins.
    std::uint64_t memory_bytes = 0;  ///< Address space; 0: what the file's size suggests.

    std::chrono::milliseconds load_deadline{120'000};
    std::chrono::milliseconds silence_deadline{60'000};  ///< With calls running.
    std::chrono::milliseconds first_pause{250};          ///< Before a restart; doubles up to
    std::chrono::milliseconds last_pause{30'000};
};

class WorkerEngine final : public Engine {
  public:
    /// Starts nothing yet. All coroutines run on `executor`, which must be single-threaded.
    /// The file is hashed on `pool`, which must outlive this.
    WorkerEngine(boost::asio::any_io_executor executor, io::Pool& pool, io::Log, WorkerOptions);
    /// Kills the worker; its calls fail.
    ~WorkerEngine() override;

    /// Checks the file, starts the worker and waits until it has loaded. Refusals are about the
    /// file; a worker that can't load it throws EngineFailure. From then on it's supervised.
    Task<Result<void>> start();

    /// Ends the worker and doesn't start it again. Calls that run fail.
    void stop();

    /// Of the worker that runs now, 0 for none.
    int worker_pid() const;
    /// Starts so far.
    unsigned starts() const;

    bool ready() const override;
    const EngineInfo& info() const override;
    const TensorSignature& signature() const override;
    Task<Result<std::uint32_t>> count_tokens(Prompt) override;
    Task<Result<Outcome>> generate(GenerateRequest, Sink&) override;
    Task<Result<Embeddings>> embed(std::vector<std::string> texts) override;
    Task<Result<Tensors>> infer(Tensors inputs) override;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace stoa::inference
