// One model that answers: the seam between the paid call, which knows money and sockets, and
// whatever computes. A WorkerEngine has a stoa-worker process of its own behind it; remote engines
// speak to somebody else's server.
//
// An engine refuses through `Result` what the caller got wrong, and throws EngineFailure where
// itself is at fault; in both cases nothing is owed. All functions are called on the node's
// io_context and may be called concurrently: an engine queues what it can't do at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"
#include "stoa/inference/error.hpp"
#include "stoa/io/task.hpp"

namespace stoa::inference {

using TokenId = std::uint32_t;

constexpr std::size_t kMaxStops = 4;
constexpr std::size_t kMaxStopBytes = 64;
constexpr std::size_t kMaxPromptBytes = 1 << 20;
constexpr std::size_t kMaxEmbeddingTexts = 256;
constexpr std::size_t kMaxTensorBytes = 16 << 20;

/// What an engine says of itself once it has loaded its model; constant from then on.
struct EngineInfo {
    std::string name;              ///< "llama.cpp 0.5.0"
    std::uint32_t context = 0;     ///< Tokens that prompt and answer share.
    std::uint32_t max_output = 0;  ///< Where the caller names no max_tokens.
    bool chat = false;
    bool completion = false;
    bool embedding = false;
    bool tensors = false;
    std::uint32_t dimensions = 0;  ///< Of an embedding.

    // An upper bound of a prompt's tokens without a tokenizer, see `input_bound`.
    std::uint32_t template_bytes = 0;          ///< What the chat template adds to a call,
    std::uint32_t template_message_bytes = 0;  ///< and to each message, its role included.
    std::uint32_t tokens_per_byte = 1;

    Hash256 weights;        ///< SHA-256 of the model file.
    Hash256 engine_digest;  ///< SHA-256 of the libraries and the worker that run it.

    /// No prompt of `messages` messages with `text_bytes` bytes of text has more tokens.
    std::uint64_t input_bound(std::size_t messages, std::uint64_t text_bytes) const {
        return (text_bytes + template_bytes + messages * std::uint64_t{template_message_bytes}) *
               tokens_per_byte;
    }
};

enum class Role { system, user, assistant };

struct Message {
    Role role = Role::user;
    std::string content;
};

/// Text to continue, or a conversation to answer.
using Prompt = std::variant<std::string, std::vector<Message>>;

/// Everything of a request that reaches an engine: an allow-list by its shape.
struct GenerateRequest {
    Prompt prompt;
    std::uint32_t max_tokens = 0;   ///< 0: the model's default; always cut to the context.
    float temperature = 1;          ///< 0…2; 0 is greedy.
    float top_p = 1;                ///< Above 0, at most 1.
    std::uint64_t seed = 0;         ///< The same seed gives the same answer on the same machine.
    std::vector<std::string> stop;  ///< Ends the answer before any of these; they aren't sent.
};

/// A piece of the answer: whole UTF-8 characters, and the tokens that ended in it. Text may be
/// empty where a token gave no character yet or was the beginning of a stop text.
struct Piece {
    std::string text;
    std::vector<TokenId> tokens;
};

enum class Finish { stop, length, cancelled };

struct Outcome {
    Finish finish = Finish::stop;
    std::uint32_t input_tokens = 0;
    std::uint32_t output_tokens = 0;
};

/// Where an answer goes. It's called in order and one call at a time; an exception of it ends the
/// answer and leaves `generate`.
class Sink {
  public:
    virtual ~Sink() = default;
    /// Once, when the engine has taken the prompt and before any text.
    virtual Task<void> on_prompt(std::vector<TokenId> tokens) = 0;
    /// False stops the answer: Finish::cancelled. The engine computes ahead of a slow sink, by
    /// no more than the call's max_tokens.
    virtual Task<bool> on_piece(Piece) = 0;
};

struct Embeddings {
    std::vector<std::vector<float>> vectors;  ///< One a text, of length 1.
    std::uint32_t input_tokens = 0;
};

/// Types as the Open Inference Protocol names them.
enum class ElementType : std::uint8_t {
    boolean,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    fp16,
    fp32,
    fp64
};

std::size_t size_of(ElementType);

struct Tensor {
    ElementType type = ElementType::fp32;
    std::vector<std::int64_t> shape;  ///< In a model's description -1 stands for any size.
    ByteVector data;                  ///< Row-major, little-endian; empty in a description.
};

using Tensors = std::map<std::string, Tensor>;

/// What a tensor model takes and gives.
struct TensorSignature {
    Tensors inputs;
    Tensors outputs;
};

class Engine {
  public:
    virtual ~Engine() = default;

    /// False while it loads, or waits to be restarted: calls fail now. `info` is valid once it
    /// was true.
    virtual bool ready() const = 0;
    virtual const EngineInfo& info() const = 0;
    virtual const TensorSignature& signature() const = 0;

    /// Tokens of the prompt, as `generate` would report them.
    virtual Task<Result<std::uint32_t>> count_tokens(Prompt) = 0;

    /// Ends when the sink has taken the last piece. Cancelling the task cancels the answer.
    virtual Task<Result<Outcome>> generate(GenerateRequest, Sink&) = 0;

    virtual Task<Result<Embeddings>> embed(std::vector<std::string> texts) = 0;

    /// Runs a tensor model on inputs that must match its signature.
    virtual Task<Result<Tensors>> infer(Tensors inputs) = 0;
};

}  // namespace stoa::inference
