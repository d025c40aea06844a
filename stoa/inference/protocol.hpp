// What a node and its stoa-worker say to each other over a pair of unix sockets.
//
// A frame is a length, a kind, a call's number and a body; all numbers are little-endian:
//
//     u32 length of what follows · u8 kind · u32 call · body
//
// Text and lists begin with their length as u32; a body holds the fields of its message in the
// order in which `fields` names them, and nothing else. The worker speaks first, `ready` or
// `failed`, once. Then the node sends calls under numbers of its choice, any number at a time, and
// the worker answers each with
//
//     count     → counted
//     generate  → prompt, piece…, done
//     embed     → embeddings
//     infer     → tensors
//
// or with `refused` instead. After `cancel` the call may be answered or not, and its number isn't
// used again. `alive` (call 0) says that a long computation goes on. Either side ends by closing.
//
// A worker runs bytes that may have taken it over, so the node reads its frames as untrusted:
// anything malformed or too long is a ProtocolError, and the worker is killed.
#pragma once

#include <concepts>
#include <optional>
#include <stdexcept>

#include "stoa/inference/engine.hpp"

namespace stoa::inference {

constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::size_t kMaxFrameBytes = 64 << 20;  // see max_body_bytes

class ProtocolError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

enum class FrameKind : std::uint8_t {
    // From the node.
    count = 1,
    generate,
    embed,
    infer,
    cancel,
    // From the worker.
    ready = 64,
    failed,
    alive,
    refused,
    counted,
    prompt,
    piece,
    done,
    embeddings,
    tensors,
};

struct FrameHeader {
    std::uint32_t body_bytes = 0;
    FrameKind kind{};
    std::uint32_t call = 0;
};

struct Frame {
    FrameKind kind{};
    std::uint32_t call = 0;
    ByteVector body;
};

// The bodies that aren't types of engine.hpp.
struct ReadyMessage {
    EngineInfo info;
    TensorSignature signature;
};
struct FailedMessage {
    std::string why;
};
struct CountMessage {
    Prompt prompt;
};
struct EmbedMessage {
    std::vector<std::string> texts;
};
struct RefusedMessage {
    InferenceError why{};
};
struct CountedMessage {
    std::uint32_t tokens = 0;
};
struct PromptMessage {
    std::vector<TokenId> tokens;
};
struct Nothing {};

/// How long a body of this kind may be.
std::size_t max_body_bytes(FrameKind);

/// Throws ProtocolError for an unknown kind or a body that is too long.
FrameHeader parse_frame_header(Bytes nine_bytes);

/// The fields of each message, for reading and writing alike.
template <class Archive>
void fields(Archive&, Nothing&) {}
template <class Archive>
void fields(Archive& a, EngineInfo& it) {
    a(it.name, it.context, it.max_output, it.chat, it.completion, it.embedding, it.tensors,
      it.dimensions, it.template_bytes, it.template_message_bytes, it.tokens_per_byte, it.weights,
      it.engine_digest);
}
template <class Archive>
void fields(Archive& a, Message& it) {
    a(it.role, it.content);
}
template <class Archive>
void fields(Archive& a, GenerateRequest& it) {
    a(it.prompt, it.max_tokens, it.temperature, it.top_p, it.seed, it.stop);
}
template <class Archive>
void fields(Archive& a, Piece& it) {
    a(it.text, it.tokens);
}
template <class Archive>
void fields(Archive& a, Outcome& it) {
    a(it.finish, it.input_tokens, it.output_tokens);
}
template <class Archive>
void fields(Archive& a, Embeddings& it) {
    a(it.vectors, it.input_tokens);
}
template <class Archive>
void fields(Archive& a, Tensor& it) {
    a(it.type, it.shape, it.data);
}
template <class Archive>
void fields(Archive& a, TensorSignature& it) {
    a(it.inputs, it.outputs);
}
template <class Archive>
void fields(Archive& a, ReadyMessage& it) {
    a(it.info, it.signature);
}
template <class Archive>
void fields(Archive& a, FailedMessage& it) {
    a(it.why);
}
template <class Archive>
void fields(Archive& a, CountMessage& it) {
    a(it.prompt);
}
template <class Archive>
void fields(Archive& a, EmbedMessage& it) {
    a(it.texts);
}
template <class Archive>
void fields(Archive& a, RefusedMessage& it) {
    a(it.why);
}
template <class Archive>
void fields(Archive& a, CountedMessage& it) {
    a(it.tokens);
}
template <class Archive>
void fields(Archive& a, PromptMessage& it) {
    a(it.tokens);
}

/// The largest value of each enumeration that travels.
constexpr auto last_of(Role) {
    return Role::assistant;
}
constexpr auto last_of(Finish) {
    return Finish::cancelled;
}
constexpr auto last_of(ElementType) {
    return ElementType::fp64;
}
constexpr auto last_of(InferenceError) {
    return InferenceError::wrong_format;
}

template <class T>
concept TravellingEnum = std::is_enum_v<T> && requires(T it) {
    last_of(it);
};

/// Appends fields to a frame's body.
class Writer {
  public:
    explicit Writer(ByteVector& out) : out_(out) {}

    template <class... T>
    void operator()(T&... each) {
        (put(each), ...);
    }

  private:
    void put_number(std::uint64_t, std::size_t bytes);
    void put_bytes(const void*, std::size_t);

    template <std::integral T>
    void put(T number) {
        put_number(static_cast<std::uint64_t>(number), sizeof(T));
    }
    template <TravellingEnum T>
    void put(T it) {
        put_number(static_cast<std::uint64_t>(it), 1);
    }
    void put(float);
    void put(const Hash256& it) { put_bytes(it.bytes.data(), it.bytes.size()); }
    void put(const std::string& it) {
        put_number(it.size(), 4);
        put_bytes(it.data(), it.size());
    }
    template <class T>
    void put(std::vector<T>& list) {
        put_number(list.size(), 4);
        if constexpr (sizeof(T) == 1) {
            put_bytes(list.data(), list.size());
        } else {
            for (auto& each : list) put(each);
        }
    }
    template <class T>
    void put(std::map<std::string, T>& map) {
        put_number(map.size(), 4);
        for (auto& [name, value] : map) {
            put(name);
            put(value);
        }
    }
    void put(Prompt& it) {
        put_number(it.index(), 1);
        std::visit([&](auto& value) { put(value); }, it);
    }
    template <class T>
    requires requires(Writer& writer, T& it) { fields(writer, it); }
    void put(T& it) { fields(*this, it); }

    ByteVector& out_;
};

/// Takes fields from a frame's body; throws ProtocolError where they aren't there.
class Reader {
  public:
    explicit Reader(Bytes in) : in_(in) {}

    template <class... T>
    void operator()(T&... each) {
        (get(each), ...);
    }

    /// Throws if anything is left.
    void finish() const;

  private:
    std::uint64_t get_number(std::size_t bytes);
    Bytes get_bytes(std::size_t);
    /// A list's length; each element takes at least a byte, so a lie can't reserve much.
    std::size_t get_length();

    template <std::integral T>
    void get(T& number) {
        number = static_cast<T>(get_number(sizeof(T)));
    }
    void get(bool& it);
    template <TravellingEnum T>
    void get(T& it) {
        const auto value = get_number(1);
        if (value > static_cast<std::uint64_t>(last_of(T{}))) throw ProtocolError("unknown value");
        it = static_cast<T>(value);
    }
    void get(float&);
    void get(Hash256&);
    void get(std::string& it) { it = as_text(get_bytes(get_length())); }
    template <class T>
    void get(std::vector<T>& list) {
        const std::size_t length = get_length();
        if constexpr (sizeof(T) == 1) {
            const Bytes bytes = get_bytes(length);
            list.assign(bytes.begin(), bytes.end());
        } else {
            list.clear();
            for (std::size_t i = 0; i < length; ++i) get(list.emplace_back());
        }
    }
    template <class T>
    void get(std::map<std::string, T>& map) {
        map.clear();
        for (std::size_t left = get_length(); left > 0; --left) {
            std::string name;
            get(name);
            get(map[std::move(name)]);
        }
    }
    void get(Prompt&);
    template <class T>
    requires requires(Reader& reader, T& it) { fields(reader, it); }
    void get(T& it) { fields(*this, it); }

    Bytes in_;
};

/// The bytes of a frame, ready to be sent.
template <class Message>
ByteVector encode(FrameKind kind, std::uint32_t call, Message message) {
    ByteVector header;
    ByteVector out(kFrameHeaderBytes);
    Writer body(out);
    body(message);
    auto length = static_cast<std::uint32_t>(out.size() - 4);
    auto kind_byte = static_cast<std::uint8_t>(kind);
    Writer head(header);
    head(length, kind_byte, call);
    std::copy(header.begin(), header.end(), out.begin());
    return out;
}

/// The message of a body, all of it.
template <class Message>
Message decode(Bytes body) {
    Message message;
    Reader reader(body);
    reader(message);
    reader.finish();
    return message;
}

}  // namespace stoa::inference
