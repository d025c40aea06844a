#include <signal.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "stoa/inference/worker_test.hpp"

namespace stoa::inference {

namespace {

namespace fs = std::filesystem;

/// A copy of a model that a test may spoil.
class CopiedModel {
  public:
    explicit CopiedModel(const TestModel& model) : options_(options_for(model)) { copy(); }
    CopiedModel(const fs::path& file, Backend backend) {
        options_.worker = STOA_WORKER;
        options_.model = file;
        options_.backend = backend;
        copy();
    }
    ~CopiedModel() { fs::remove_all(folder_); }

    void write(std::uint64_t offset, std::string_view bytes) {
        std::fstream file(options_.model, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
    }
    void truncate(std::uint64_t size) { fs::resize_file(options_.model, size); }
    /// As if these bytes had been listed.
    void list() { options_.digest = sha256_of_file(options_.model); }

    const WorkerOptions& options() const { return options_; }

  private:
    void copy() {
        std::string folder = (fs::temp_directory_path() / "stoa-XXXXXX").string();
        if (!mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
        folder_ = folder;
        fs::copy_file(options_.model, folder_ / "model");
        options_.model = folder_ / "model";
        fs::permissions(options_.model, fs::perms::owner_write, fs::perm_options::add);
    }

    WorkerOptions options_;
    fs::path folder_;
};

std::string status_of(int pid, const std::string& field) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
    }
    return "";
}

std::set<std::string> entries(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
}

}  // namespace

// Seen from outside: confined, alone with its socket, and without the thread that ONNX Runtime's
// telemetry would have started.
TEST_F(WorkerTest, AWorkerHoldsNothingButItsSocket) {
    for (const TestModel& model : {kStories, kMiniLm, kVad}) {
        const auto engine = started(model);
        const fs::path process = "/proc/" + std::to_string(engine->worker_pid());
        EXPECT_EQ(status_of(engine->worker_pid(), "Seccomp"), "2") << model.file;
        EXPECT_EQ(status_of(engine->worker_pid(), "NoNewPrivs"), "1") << model.file;
        EXPECT_EQ(status_of(engine->worker_pid(), "Threads"), "1") << model.file;
        EXPECT_EQ(entries(process / "fd"), (std::set<std::string>{"0", "1", "2", "3"}));
        EXPECT_EQ(fs::read_symlink(process / "fd/0"), "/dev/null");
        EXPECT_TRUE(fs::read_symlink(process / "fd/3").string().starts_with("socket:"));
        EXPECT_NE(engine->info().engine_digest, Hash256{});
        EXPECT_EQ(engine->info().weights, options_for(model).digest);
    }
}

TEST_F(WorkerTest, ADamagedHeaderEndsItsWorkerAndNothingElse) {
    const fs::path vocabulary = fs::path(STOA_MODELS) / "source/models/ggml-vocab-llama-spm.gguf";
    std::mt19937 random(7);
    for (int round = 0; round < 12; ++round) {
        CopiedModel model(vocabulary, Backend::llama);
        for (int byte = 0; byte < 8; ++byte) {
            model.write(24 + random() % 2000, std::string(1, static_cast<char>(random())));
        }
        model.list();
        // Even undamaged it has no weights, so it never loads.
        EXPECT_THROW(run(engine(model.options())->start()), EngineFailure);
    }
}

TEST_F(WorkerTest, AFileWithOneByteChangedIsNotLoaded) {
    CopiedModel model(kStories);
    model.write(98'357'951, "\x2A");
    const auto engine = this->engine(model.options());
    const auto result = run(engine->start());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), InferenceError::wrong_digest);
    EXPECT_EQ(engine->starts(), 0U);
    EXPECT_FALSE(engine->ready());
}

TEST_F(WorkerTest, AFileThatIsntThereOrIsSomethingElseIsNotLoaded) {
    WorkerOptions options = options_for(kStories);
    options.model = "/nonexistent";
    EXPECT_EQ(run(engine(options)->start()).error(), InferenceError::missing_file);
    options.model = fs::temp_directory_path();
    EXPECT_EQ(run(engine(options)->start()).error(), InferenceError::missing_file);
    options = options_for(kStories);
    options.backend = Backend::onnx;
    EXPECT_EQ(run(engine(options)->start()).error(), InferenceError::wrong_format);
    options = options_for(kVad);
    options.backend = Backend::llama;
    EXPECT_EQ(run(engine(options)->start()).error(), InferenceError::wrong_format);
}

TEST_F(WorkerTest, AListedFileThatTheEngineRefusesFailsWithItsWords) {
    CopiedModel model(kStories);
    model.truncate(1'000'000);
    model.list();
    try {
        run(engine(model.options())->start());
        FAIL() << "it started";
    } catch (const EngineFailure& failure) {
        EXPECT_NE(std::string(failure.what()).find("llama.cpp refuses the file"), std::string::npos)
            << failure.what();
    }
}

TEST_F(WorkerTest, AKilledWorkerFailsItsCallAndIsStartedAgain) {
    const auto engine = started(kStories);
    const int first = engine->worker_pid();
    KeepingSink sink;
    sink.on = [&](const Piece&) { return kill(first, SIGKILL) == 0 || sink.tokens.size() > 1; };
    EXPECT_THROW(run(engine->generate(greedy("Once upon a time", 120), sink)), EngineFailure);
    EXPECT_FALSE(sink.tokens.empty());

    run_until([&] { return engine->starts() == 2 && engine->ready(); });
    EXPECT_NE(engine->worker_pid(), first);
    KeepingSink again;
    ASSERT_TRUE(run(engine->generate(greedy("Once upon a time", 5), again)));
    EXPECT_EQ(again.text, ", there was a little");
}

TEST_F(WorkerTest, AHungWorkerIsKilledAndStartedAgain) {
    WorkerOptions options = options_for(kStories);
    options.silence_deadline = std::chrono::milliseconds(200);
    const auto engine = started(std::move(options));
    kill(engine->worker_pid(), SIGSTOP);
    KeepingSink sink;
    try {
        run(engine->generate(greedy("Once upon a time", 5), sink));
        FAIL() << "a stopped process answered";
    } catch (const EngineFailure& failure) {
        EXPECT_STREQ(failure.what(), "the worker ended: it gave no sign of life");
    }
    run_until([&] { return engine->ready(); });
    EXPECT_EQ(engine->starts(), 2U);
}

TEST_F(WorkerTest, AFileChangedMeanwhileIsNotLoadedAgain) {
    CopiedModel model(kStories);
    WorkerOptions options = model.options();
    options.last_pause = std::chrono::milliseconds(1);
    const auto engine = started(options);
    model.write(98'357'951, "\x2A");
    kill(engine->worker_pid(), SIGKILL);
    run_until([&] { return !engine->ready(); });
    KeepingSink sink;
    EXPECT_THROW(run(engine->generate(greedy("Once upon a time", 5), sink)), EngineFailure);
    EXPECT_EQ(engine->starts(), 1U);
}

TEST_F(WorkerTest, AStoppedEngineFailsItsCallsAndStaysStopped) {
    const auto engine = started(kStories);
    KeepingSink sink;
    sink.on = [&](const Piece&) {
        engine->stop();
        return true;
    };
    EXPECT_THROW(run(engine->generate(greedy("Once upon a time", 120), sink)), EngineFailure);
    loop_.restart();
    loop_.run();  // returns: nothing is left that would start it again
    EXPECT_FALSE(engine->ready());
    EXPECT_EQ(engine->starts(), 1U);
}

TEST_F(WorkerTest, AWorkerThatGetsTooLittleMemoryFailsToLoad) {
    WorkerOptions options = options_for(kStories);
    options.memory_bytes = 100 << 20;  // about the file alone
    EXPECT_THROW(run(engine(std::move(options))->start()), EngineFailure);
}

}  // namespace stoa::inference
