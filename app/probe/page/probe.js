const { Probe } = window.go.main
const { Desk } = window.go.app
const answer = document.querySelector('#answer')
const say = (text) => (answer.textContent = text)
// Wails makes an Error of the JSON string that the window answers with.
const refused = (error) => say(`refused: ${JSON.parse(error.message).detail}`)

document.querySelector('#form').addEventListener('submit', (event) => {
  event.preventDefault()
  Probe.Greet({ name: document.querySelector('#name').value }).then(
    (greeting) => say(greeting.name),
    refused,
  )
})

document.querySelector('#save').addEventListener('click', () => {
  Desk.SaveText('probe.txt', 'kept by the probe\n').then(
    (saved) => say(saved ? 'saved' : 'not saved'),
    refused,
  )
})
