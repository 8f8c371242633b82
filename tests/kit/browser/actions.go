package browser

import "time"

// clickPause is the pause between two clicks of a visitor who does not wait for what the first one does. Some browsers
// take clicks without a pause for one click.
const clickPause = 300 * time.Millisecond

// object is a JSON object.
type object = map[string]any

// clicking returns the actions of a mouse that clicks somewhere, in the form that W3C's WebDriver and WebDriver BiDi
// share.
func clicking(x, y float64, times int) []object {
	steps := []object{{"type": "pointerMove", "x": int(x), "y": int(y)}}
	for n := range times {
		if n > 0 {
			steps = append(steps, object{"type": "pause", "duration": clickPause.Milliseconds()})
		}
		steps = append(steps, object{"type": "pointerDown", "button": 0}, object{"type": "pointerUp", "button": 0})
	}
	return []object{{"type": "pointer", "id": "mouse", "actions": steps}}
}

// typing returns those of a keyboard.
func typing(text string) []object {
	var steps []object
	for _, key := range text {
		steps = append(steps, object{"type": "keyDown", "value": string(key)}, object{"type": "keyUp", "value": string(key)})
	}
	return []object{{"type": "key", "id": "keyboard", "actions": steps}}
}
