// Usage: node ask.mjs [URL]; works in a browser too, from an allowed origin.
const url = globalThis.process?.argv[2] ?? "http://127.0.0.1:8000";
const token = globalThis.process?.env.MLKIT_TOKEN ?? "";

async function predict(rows, id = crypto.randomUUID()) {
  for (let tried = 0; ; tried++) {
    const reply = await fetch(`${url}/v1/predict`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ id, rows }),
    });
    const told = await reply.json();
    if (reply.ok) return told.predictions;
    if (reply.status !== 503 || tried === 5) throw new Error(told.error.what);
    const seconds = Number(reply.headers.get("retry-after") ?? 1);
    await new Promise((wake) => setTimeout(wake, 1000 * seconds));
  }
}

const penguin = {
  island: "Torgersen", bill_length_mm: 39.1, bill_depth_mm: 18.7,
  flipper_length_mm: 181, body_mass_g: 3750, sex: "male", year: 2007,
};
const [answer] = await predict([penguin]);
console.log(answer.label, answer.probabilities);
