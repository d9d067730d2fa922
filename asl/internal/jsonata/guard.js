// Runs JSONata's official engine within bounds and without a way out. The host
// calls this function once for each runtime, with the engine and with what the
// engine may ask for; it returns {close, parse, evaluate}.
(function (jsonata, host) {
    'use strict';

    var spent; // what the running evaluation has used of host.limits
    // refuse ends the evaluation: not by an error, which would go through all that
    // waits for it, but by stopping the runtime.
    function refuse(message) {
        host.stop(message);
    }
    function charge(amount) {
        spent.size += amount;
        if (spent.size > host.limits.size) {
            refuse('The expression needs more memory than an evaluation may use');
        }
    }
    // size is about how much of the memory a value takes, without what is in it.
    function size(value) {
        return typeof value === 'string' || Array.isArray(value) ? value.length : 1;
    }

    var entry = Symbol.for('jsonata.__evaluate_entry'), exit = Symbol.for('jsonata.__evaluate_exit');
    function entered() {
        if (++spent.steps > host.limits.steps) {
            refuse('The expression takes more steps than an evaluation may take');
        }
        if (++spent.live > host.limits.live) {
            refuse('The expression is nested or recursive beyond what an evaluation may be');
        }
    }
    function left(expr, input, environment, result) {
        spent.live--;
        charge(size(result));
    }

    // What a function that makes more than it is given will make is charged
    // before it is called.
    var before = {
        pad: function (text, width, char) {
            charge(Math.abs(width) * (typeof char === 'string' && char.length > 0 ? char.length : 1));
        },
        join: function (texts, separator) {
            if (Array.isArray(texts)) {
                texts.forEach(function (text) { charge(size(text) + (separator ? separator.length : 0)); });
            }
        },
        replace: function (text, pattern, replacement) {
            if (typeof text === 'string' && typeof replacement === 'string') {
                charge(text.length + (text.length + 1) * replacement.length);
            }
        },
        string: function (value) { charge(weight(value)); },
        clone: function (value) { charge(weight(value)); },
        formatInteger: function (n, picture) { charge(Math.abs(n) < 1e6 ? 100 : /I/i.test(picture || '') ? Math.abs(n) / 1000 : 1000); }
    };
    // weight is what a value takes with all that is in it.
    function weight(value) {
        var total = size(value);
        if (Array.isArray(value)) {
            value.forEach(function (item) { total += weight(item); });
        } else if (value !== null && typeof value === 'object' && !value._jsonata_lambda && !value._jsonata_function) {
            Object.keys(value).forEach(function (key) { total += key.length + weight(value[key]); });
        }
        return total;
    }

    // counted is a function of the engine that charges what it makes. It names as
    // many parameters as the original: a partial application reads them, and $map
    // counts them.
    function counted(name, f) {
        function call(self, args) {
            if (before[name]) {
                before[name].apply(null, args);
            }
            var result = f.apply(self, args);
            charge(size(result));
            return result;
        }
        switch (f.length) {
        case 0: return function () { return call(this, arguments); };
        case 1: return function (a) { return call(this, arguments); };
        case 2: return function (a, b) { return call(this, [a, b]); };
        case 3: return function (a, b, c) { return call(this, [a, b, c]); };
        }
        return function (a, b, c, d) { return call(this, [a, b, c, d]); };
    }
    var builtin = {}; // complete once the promises are settled
    host.functions.forEach(function (name) {
        jsonata('$' + name).evaluate().then(function (f) { builtin[name] = f; });
    });

    // Step Functions' own functions.
    var added = {
        partition: [function (items, n) {
            if (items === undefined) { return undefined; }
            if (!(Number.isInteger(n) && n > 0)) {
                throw {code: 'D3141', message: 'The second argument of the partition function must be a positive integer'};
            }
            var chunks = [];
            for (var i = 0; i < items.length; i += n) { chunks.push(items.slice(i, i + n)); }
            charge(items.length + chunks.length);
            return chunks;
        }, '<an:a>'],
        range: [function (first, last, delta) {
            if (first === undefined || last === undefined) { return undefined; }
            if (delta === undefined) { delta = 1; }
            if (delta === 0) {
                throw {code: 'D3141', message: 'The third argument of the range function must not be zero'};
            }
            charge(Math.max(0, (last - first) / delta));
            var items = [];
            for (var i = 0, at = first; delta > 0 ? at <= last : at >= last; at = first + ++i * delta) { items.push(at); }
            return items;
        }, '<nnn?:a>'],
        hash: [function (data, algorithm) {
            if (data === undefined || algorithm === undefined) { return undefined; }
            var digest = host.hash(typeof data === 'string' ? data : JSON.stringify(data), algorithm);
            if (digest === '') {
                throw {code: 'D3141', message: 'The hash algorithm must be one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512, not ' + JSON.stringify(algorithm)};
            }
            return digest;
        }, '<xs:s>'],
        random: [function (seed) { return seed === undefined ? Math.random() : host.seeded(seed); }, '<n?:n>'],
        uuid: [function () { return host.uuid(); }, '<:s>'],
        parse: [function (text) {
            if (text === undefined) { return undefined; }
            try {
                return JSON.parse(text);
            } catch (e) {
                throw {code: 'D3141', message: 'The argument of the parse function is not JSON: ' + e.message};
            }
        }, '<s-:x>']
    };

    var parsed = new Map();
    function expression(source) {
        var e = parsed.get(source);
        if (e) {
            return e;
        }
        e = jsonata(source);
        e.assign(entry, entered);
        e.assign(exit, left);
        e.assign('eval', undefined);
        for (var name in added) {
            e.registerFunction(name, added[name][0], added[name][1]);
        }
        if (parsed.size >= host.limits.parsed) {
            parsed.clear();
        }
        parsed.set(source, e);
        return e;
    }

    function failure(e) {
        if (e === null || typeof e !== 'object') {
            return {status: 'error', code: '', message: String(e)};
        }
        return {status: 'error', code: e.code || '', message: e.message || '', position: e.position || 0};
    }

    // A result that is no JSON, such as a function, is of an unsupported type.
    function plain(key, value) {
        if (typeof value === 'function' || value && (value._jsonata_lambda || value._jsonata_function) ||
            typeof value === 'number' && !isFinite(value)) {
            throw unsupported;
        }
        return value;
    }
    var unsupported = {};

    function stringify(value) {
        try {
            return {status: 'value', text: JSON.stringify(value, plain)};
        } catch (e) {
            return e === unsupported ? {status: 'unsupported'} : failure(e);
        }
    }

    return {
        // close takes the engine into bounds. It is called once, when the promises
        // of this function are settled.
        close: function () {
            host.functions.forEach(function (name) {
                builtin[name].implementation = counted(name, builtin[name].implementation);
            });
        // The objects of an expression inherit nothing: neither a constructor that
        // compiles code, nor a prototype that other evaluations share.
        [Object, Function, Array, String, Number, Boolean, RegExp, Date, Error, Symbol,
            (async function () {}).constructor, (function* () {}).constructor].forEach(function (made) {
            delete made.prototype.constructor;
        });
        Object.getOwnPropertyNames(Object.prototype).forEach(function (name) {
            if (name !== 'hasOwnProperty') {
                delete Object.prototype[name];
            }
        });
        var own = Object.prototype.hasOwnProperty;
        Object.defineProperty(Object.prototype, 'hasOwnProperty', {
            get: function () { return own; },
            set: function (value) {
                Object.defineProperty(this, 'hasOwnProperty', {value: value, writable: true, enumerable: true, configurable: true});
            }
        });
        [Object, Function, Array, String, Number, Boolean, RegExp, Date].forEach(function (made) {
            Object.freeze(made.prototype);
        });
        },
        parse: function (source) {
            try {
                return {status: 'value', text: JSON.stringify(expression(source).ast())};
            } catch (e) {
                return failure(e);
            }
        },
        // evaluate starts an evaluation; the result is complete once the host has
        // settled the promises.
        evaluate: function (source, names, texts) {
            spent = {steps: 0, live: 0, size: 0};
            var result = {status: 'pending'}, bindings = {};
            for (var i = 0; i < names.length; i++) {
                bindings[names[i]] = JSON.parse(texts[i]);
            }
            expression(source).evaluate(undefined, bindings).then(function (value) {
                result = value === undefined ? {status: 'undefined'} : stringify(value);
            }, function (e) {
                result = failure(e);
            });
            return function () { return result; };
        }
    };
})
