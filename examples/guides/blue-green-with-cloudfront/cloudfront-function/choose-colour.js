// A CloudFront function (runtime cloudfront-js-2.0, viewer request) that follows the weights which
// reliability_blue_green_switch keeps in a key value store: {"version":1,"blue":90,"green":10}.
//
// A visitor stays with a colour: who has it at 10 % has it at 50 % as well. When the weights cannot be read, everybody
// gets FALLBACK: keep it at the colour that served last.
import cf from 'cloudfront';

const KEY = 'weights'; // the switch's key
const FALLBACK = 'blue';
const COOKIE = 'session'; // tells visitors apart; without it, their address does
const HEADER = 'x-colour'; // put it into the cache policy, so that the colours share no cache
const ORIGINS = { blue: 'blue', green: 'green' }; // IDs of origins of the distribution

// bucket is a number from 0 to 99 that is the same each time for one visitor (FNV-1a, 32 bit, then mixed).
function bucket(visitor) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < visitor.length; i++) {
    hash ^= visitor.charCodeAt(i);
    hash = (hash + (hash << 1) + (hash << 4) + (hash << 7) + (hash << 8) + (hash << 24)) >>> 0;
  }
  hash ^= hash >>> 15;
  hash = (hash + (hash << 3)) >>> 0;
  hash ^= hash >>> 11;
  hash = (hash + (hash << 7)) >>> 0;
  hash ^= hash >>> 16;
  return (hash >>> 0) % 100;
}

// choose returns the colour of a visitor; the fallback for weights that are none.
function choose(weights, visitor, fallback) {
  if (!weights || (weights.version !== undefined && weights.version !== 1)) {
    return fallback;
  }
  const blue = weights.blue;
  const green = weights.green;
  if (typeof blue !== 'number' || typeof green !== 'number' || !(blue >= 0) || !(green >= 0) || !(blue + green > 0)) {
    return fallback;
  }
  return bucket(visitor) < (100 * green) / (blue + green) ? 'green' : 'blue';
}

// visitorOf tells visitors apart.
function visitorOf(event) {
  const cookie = event.request.cookies && event.request.cookies[COOKIE];
  return cookie && cookie.value ? cookie.value : event.viewer.ip;
}

async function handler(event) {
  let weights = null;
  try {
    weights = await cf.kvs().get(KEY, { format: 'json' });
  } catch (err) {
    console.log('the weights cannot be read: ' + err);
  }
  const colour = choose(weights, visitorOf(event), FALLBACK);
  event.request.headers[HEADER] = { value: colour };
  cf.selectRequestOriginById(ORIGINS[colour]);
  return event.request;
}
