#include "stoa/inference/worker_engine.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/assert.hpp"
#include "stoa/inference/tensor.hpp"
#include "stoa/inference/utf8.hpp"
#include "stoa/inference/worker_connection.hpp"

namespace stoa::inference {

namespace asio = boost::asio;
using Connection = std::shared_ptr<WorkerConnection>;
using Call = WorkerConnection::Call;

namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::uint32_t kMaxContext = 1 << 20;
constexpr unsigned kMaxDefaultThreads = 8;

std::uint64_t memory_for(const WorkerOptions& options, std::uint64_t file_bytes) {
    if (options.memory_bytes > 0) return options.memory_bytes;
    // The file mapped, its weights once more in the processor's favourite order, and room for
    // contexts, threads and libraries. It bounds address space, which costs nothing.
    return 4 * file_bytes + (std::uint64_t{8} << 30);
}

unsigned threads_for(const WorkerOptions& options) {
    if (options.threads > 0) return options.threads;
    return std::clamp(std::thread::hardware_concurrency() / 2, 1U, kMaxDefaultThreads);
}

std::vector<std::string> arguments_of(const WorkerOptions& options, std::uint64_t file_bytes) {
    return {"--backend",  options.backend == Backend::llama ? "llama" : "onnx",
            "--threads",  std::to_string(threads_for(options)),
            "--parallel", std::to_string(options.parallel),
            "--context",  std::to_string(options.context),
            "--memory",   std::to_string(memory_for(options, file_bytes))};
}

// A worker's word isn't trusted, and these end up in answers and prices.
void check(const EngineInfo& info) {
    const bool plausible = is_utf8(info.name) && info.name.size() <= kMaxNameBytes &&
                           info.context <= kMaxContext && info.max_output <= kMaxContext &&
                           (info.tensors || info.context > 0) && info.tokens_per_byte > 0;
    if (!plausible) throw EngineFailure("the worker describes itself impossibly");
}

std::size_t text_bytes(const Prompt& prompt) {
    if (const auto* text = std::get_if<std::string>(&prompt)) return text->size();
    std::size_t sum = 0;
    for (const Message& message : std::get<std::vector<Message>>(prompt)) {
        sum += message.content.size() + 1;
    }
    return sum;
}

Result<void> check(const Prompt& prompt, const EngineInfo& info) {
    const bool is_chat = std::holds_alternative<std::vector<Message>>(prompt);
    if (is_chat ? !info.chat : !info.completion && !info.embedding) {
        return fail(InferenceError::not_offered);
    }
    const std::size_t bytes = text_bytes(prompt);
    if (bytes == 0) return fail(InferenceError::empty_prompt);
    if (bytes > kMaxPromptBytes) return fail(InferenceError::prompt_too_long);
    return {};
}

Result<void> check(const GenerateRequest& request, const EngineInfo& info) {
    STOA_CHECK(check(request.prompt, info));
    // Written so that NaN is refused too.
    const bool sane = request.temperature >= 0 && request.temperature <= 2 && request.top_p > 0 &&
                      request.top_p <= 1 && request.stop.size() <= kMaxStops &&
                      std::ranges::all_of(request.stop, [](const std::string& stop) {
                          return !stop.empty() && stop.size() <= kMaxStopBytes;
                      });
    if (!sane) return fail(InferenceError::bad_setting);
    return {};
}

bool is_sound(const Embeddings& answer, std::size_t texts, std::uint32_t dimensions) {
    return answer.vectors.size() == texts &&
           std::ranges::all_of(answer.vectors, [&](const std::vector<float>& vector) {
               return vector.size() == dimensions &&
                      std::ranges::all_of(vector, [](float x) { return std::isfinite(x); });
           });
}

// The one frame of an answer that has only one: of `kind`, or a refusal.
template <class Message>
Task<Result<Message>> only_answer(Call& call, FrameKind kind) {
    const Frame frame = co_await call.next();
    call.finish();
    if (frame.kind == FrameKind::refused) co_return fail(decode<RefusedMessage>(frame.body).why);
    if (frame.kind != kind) throw ProtocolError("an answer to another question");
    co_return decode<Message>(frame.body);
}

}  // namespace

struct WorkerEngine::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor on, io::Pool& hashing, io::Log to, WorkerOptions with)
        : executor(on), pool(hashing), log(std::move(to)), options(std::move(with)), pause(on) {}

    Task<Result<void>> launch();
    Task<void> supervise(std::shared_ptr<State> self);
    void stop();

    /// The connection that takes a call now. Throws EngineFailure, refuses as busy.
    Result<Connection> admit() const;
    template <class T>
    static Task<T> kept_to_protocol(Connection, Task<T> work);
    static Task<Result<Outcome>> answer(EngineInfo, Connection, GenerateRequest, Sink&);

    asio::any_io_executor executor;
    io::Pool& pool;
    io::Log log;
    WorkerOptions options;
    asio::steady_timer pause;

    EngineInfo info;
    TensorSignature signature;
    Connection connection;  // of a worker that is loaded
    std::weak_ptr<WorkerConnection> loading;
    unsigned starts = 0;
    bool stopping = false;
};

Task<Result<void>> WorkerEngine::State::launch() {
    const auto file = co_await io::on(
        pool, [&] { return ModelFile::open(options.model, options.backend, options.digest); });
    if (!file) co_return tl::unexpected(file.error());
    if (stopping) throw EngineFailure("the engine is stopped");
    ++starts;
    const Connection started = WorkerConnection::start(
        executor, options.worker, arguments_of(options, file->size()), file->descriptor());
    loading = started;  // where `stop` finds it
    ReadyMessage ready = co_await started->wait_ready(options.load_deadline);
    check(ready.info);
    ready.info.weights = options.digest;
    info = std::move(ready.info);
    signature = std::move(ready.signature);
    if (stopping) throw EngineFailure("the engine is stopped");
    connection = started;
    log.info("a model is loaded", {{"model", options.model.filename().string()},
                                   {"engine", info.name},
                                   {"pid", started->pid()}});
    co_return Result<void>{};
}

Task<void> WorkerEngine::State::supervise(std::shared_ptr<State>) {
    auto wait = options.first_pause;
    const std::string name = options.model.filename().string();
    while (!stopping) {
        if (connection) {
            const auto since = std::chrono::steady_clock::now();
            const Connection running = connection;
            const std::string why = co_await running->run(options.silence_deadline);
            connection.reset();
            if (stopping) break;
            log.warning("a model's worker ended and is started again",
                        {{"model", name}, {"why", why}});
            if (std::chrono::steady_clock::now() - since > options.last_pause) {
                wait = options.first_pause;
            }
        }
        boost::system::error_code error;
        pause.expires_after(wait);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        wait = std::min(2 * wait, options.last_pause);
        if (stopping) break;
        try {
            const auto started = co_await launch();
            if (!started) {
                log.error("a model can't be loaded again",
                          {{"model", name}, {"why", started.error().message()}});
            }
        } catch (const std::exception& failure) {
            if (!stopping) {
                log.warning("a model's worker didn't start",
                            {{"model", name}, {"why", failure.what()}});
            }
        }
    }
}

void WorkerEngine::State::stop() {
    stopping = true;
    pause.cancel();
    if (const Connection started = loading.lock()) started->kill();
    if (connection) connection->kill();
}

Result<Connection> WorkerEngine::State::admit() const {
    if (!connection) throw EngineFailure("the model is being started");
    if (connection->calls() >= options.parallel + options.queue) return fail(InferenceError::busy);
    return connection;
}

// What a worker sends that isn't an answer ends that worker, and is the engine's failure.
template <class T>
Task<T> WorkerEngine::State::kept_to_protocol(Connection with, Task<T> work) {
    try {
        co_return co_await std::move(work);
    } catch (const ProtocolError& error) {
        with->kill();
        throw EngineFailure(std::string("the worker broke the protocol: ") + error.what());
    }
}

Task<Result<Outcome>> WorkerEngine::State::answer(EngineInfo info, Connection with,
                                                  GenerateRequest request, Sink& sink) {
    const std::size_t most = request.max_tokens > 0 ? request.max_tokens : info.max_output;
    constexpr std::size_t kPromptAndDone = 2;
    Call call(with, std::min<std::size_t>(most, info.context) + kPromptAndDone,
              [&](std::uint32_t number) {
                  return encode(FrameKind::generate, number, std::move(request));
              });
    Outcome counted;
    for (;;) {
        const Frame frame = co_await call.next();
        if (frame.kind == FrameKind::refused && counted.input_tokens == 0) {
            call.finish();
            co_return fail(decode<RefusedMessage>(frame.body).why);
        }
        if (frame.kind == FrameKind::prompt && counted.input_tokens == 0) {
            auto prompt = decode<PromptMessage>(frame.body);
            counted.input_tokens = static_cast<std::uint32_t>(prompt.tokens.size());
            if (counted.input_tokens == 0) throw ProtocolError("a prompt without tokens");
            co_await sink.on_prompt(std::move(prompt.tokens));
        } else if (frame.kind == FrameKind::piece && counted.input_tokens > 0) {
            auto piece = decode<Piece>(frame.body);
            counted.output_tokens += static_cast<std::uint32_t>(piece.tokens.size());
            if (counted.output_tokens > most) throw ProtocolError("more tokens than asked for");
            if (!is_utf8(piece.text)) throw ProtocolError("text that isn't UTF-8");
            if (!co_await sink.on_piece(std::move(piece))) {
                counted.finish = Finish::cancelled;
                co_return counted;
            }
        } else if (frame.kind == FrameKind::done) {
            call.finish();
            const auto outcome = decode<Outcome>(frame.body);
            if (outcome.input_tokens != counted.input_tokens ||
                outcome.output_tokens != counted.output_tokens) {
                throw ProtocolError("an answer that doesn't add up");
            }
            co_return outcome;
        } else {
            throw ProtocolError("a frame out of turn");
        }
    }
}

// ---- the engine --------------------------------------------------------------------------------

WorkerEngine::WorkerEngine(asio::any_io_executor executor, io::Pool& pool, io::Log log,
                           WorkerOptions options)
    : state_(std::make_shared<State>(executor, pool, std::move(log), std::move(options))) {}

WorkerEngine::~WorkerEngine() {
    state_->stop();
}

Task<Result<void>> WorkerEngine::start() {
    const auto state = state_;
    STOA_ASSERT(!state->connection);
    const auto started = co_await state->launch();
    if (started) asio::co_spawn(state->executor, state->supervise(state), asio::detached);
    co_return started;
}

void WorkerEngine::stop() {
    state_->stop();
}

int WorkerEngine::worker_pid() const {
    return state_->connection ? state_->connection->pid() : 0;
}

unsigned WorkerEngine::starts() const {
    return state_->starts;
}

bool WorkerEngine::ready() const {
    return state_->connection != nullptr && !state_->stopping;
}

const EngineInfo& WorkerEngine::info() const {
    return state_->info;
}

const TensorSignature& WorkerEngine::signature() const {
    return state_->signature;
}

Task<Result<std::uint32_t>> WorkerEngine::count_tokens(Prompt prompt) {
    const auto state = state_;
    if (const auto sound = check(prompt, state->info); !sound) co_return fail(sound.error());
    const auto with = state->admit();
    if (!with) co_return fail(with.error());
    Call call(*with, 1, [&](std::uint32_t number) {
        return encode(FrameKind::count, number, CountMessage{std::move(prompt)});
    });
    const auto counted = co_await State::kept_to_protocol(
        *with, only_answer<CountedMessage>(call, FrameKind::counted));
    co_return counted.map([](const CountedMessage& it) { return it.tokens; });
}

Task<Result<Outcome>> WorkerEngine::generate(GenerateRequest request, Sink& sink) {
    const auto state = state_;
    if (const auto sound = check(request, state->info); !sound) co_return fail(sound.error());
    const auto with = state->admit();
    if (!with) co_return fail(with.error());
    co_return co_await State::kept_to_protocol(
        *with, State::answer(state->info, *with, std::move(request), sink));
}

Task<Result<Embeddings>> WorkerEngine::embed(std::vector<std::string> texts) {
    const auto state = state_;
    if (!state->info.embedding) co_return fail(InferenceError::not_offered);
    std::size_t bytes = 0;
    for (const std::string& text : texts) {
        if (text.empty()) co_return fail(InferenceError::empty_prompt);
        bytes += text.size();
    }
    if (texts.empty()) co_return fail(InferenceError::empty_prompt);
    if (bytes > kMaxPromptBytes || texts.size() > kMaxEmbeddingTexts) {
        co_return fail(InferenceError::prompt_too_long);
    }
    const auto with = state->admit();
    if (!with) co_return fail(with.error());
    const std::size_t count = texts.size();
    Call call(*with, 1, [&](std::uint32_t number) {
        return encode(FrameKind::embed, number, EmbedMessage{std::move(texts)});
    });
    auto answer = co_await State::kept_to_protocol(
        *with, only_answer<Embeddings>(call, FrameKind::embeddings));
    if (answer && !is_sound(*answer, count, state->info.dimensions)) {
        (*with)->kill();
        throw EngineFailure("the worker gave impossible embeddings");
    }
    co_return answer;
}

Task<Result<Tensors>> WorkerEngine::infer(Tensors inputs) {
    const auto state = state_;
    if (!state->info.tensors) co_return fail(InferenceError::not_offered);
    if (!fits(state->signature.inputs, inputs)) co_return fail(InferenceError::bad_tensor);
    const auto with = state->admit();
    if (!with) co_return fail(with.error());
    Call call(*with, 1, [&](std::uint32_t number) {
        return encode(FrameKind::infer, number, std::move(inputs));
    });
    auto answer =
        co_await State::kept_to_protocol(*with, only_answer<Tensors>(call, FrameKind::tensors));
    if (answer && !fits(state->signature.outputs, *answer)) {
        (*with)->kill();
        throw EngineFailure("the worker gave outputs that the model doesn't have");
    }
    co_return answer;
}

}  // namespace stoa::inference
